using System.Net;
using System.Net.Sockets;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>A network namespace: what a host's network is. Its name tells the process that made it, so that leftovers can be told.</summary>
internal sealed class NetworkNamespace : IAsyncDisposable
{
    private const string Folder = "/run/netns";

    // What lies here takes the place of the files in /etc for whatever ip-netns(8) runs in the namespace.
    private const string EtcFolder = "/etc/netns";

    private NetworkNamespace(string name) => Name = name;

    /// <summary>Its name, as <c>ip netns</c> lists it.</summary>
    public string Name { get; }

    /// <summary>Makes one, with loopback up.</summary>
    public static async Task<NetworkNamespace> CreateAsync(string name)
    {
        await Command.SucceedAsync("ip", "netns", "add", name);
        var made = new NetworkNamespace(name);
        await made.IpAsync("link", "set", "lo", "up");
        return made;
    }

    /// <summary>The names of those that exist and start so.</summary>
    public static string[] Find(string prefix) =>
        Directory.Exists(Folder) ? [.. Directory.GetFiles(Folder, prefix + "*").Select(path => Path.GetFileName(path))] : [];

    /// <summary>Ends every process in a namespace, and removes it.</summary>
    public static async Task RemoveAsync(string name)
    {
        foreach (var process in await ProcessesAsync(name))
            SystemCalls.Send(process, Signal.Kill);
        await Command.RunAsync("ip", "netns", "delete", name);
        if (Directory.Exists(EtcOf(name)))
            Directory.Delete(EtcOf(name), recursive: true);
    }

    /// <summary>Writes the hosts file that the processes which are started in it from now on see.</summary>
    public void WriteHosts(IEnumerable<(string Name, IPAddress Address)> hosts)
    {
        Directory.CreateDirectory(EtcOf(Name));
        File.WriteAllLines(
            Path.Combine(EtcOf(Name), "hosts"), ["127.0.0.1 localhost", .. hosts.Select(host => $"{host.Address} {host.Name}")]);
    }

    /// <summary>Runs <c>ip</c> in it.</summary>
    public Task<CommandResult> IpAsync(params IEnumerable<string> arguments) => Command.SucceedAsync("ip", ["-n", Name, .. arguments]);

    /// <summary>The processes that are in it.</summary>
    public Task<int[]> ProcessesAsync() => ProcessesAsync(Name);

    /// <summary>Makes a TCP socket that belongs to it, whoever uses it.</summary>
    public Socket NewSocket() => Inside(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));

    /// <summary>Connects from it.</summary>
    public async Task<Socket> ConnectAsync(IPEndPoint endPoint)
    {
        var socket = NewSocket();
        using var deadline = new CancellationTokenSource(Until.Patience);
        await socket.ConnectAsync(endPoint, deadline.Token);
        return socket;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await RemoveAsync(Name);

    private static async Task<int[]> ProcessesAsync(string name) =>
    [
        .. (await Command.RunAsync("ip", "netns", "pids", name)).Out
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(int.Parse),
    ];

    /// <summary>Does something on a thread that is in it, and ends: every socket that it makes belongs here.</summary>
    public Task RunAsync(Action work)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                // A namespace is a thread's: one of its own goes there, and ends.
                using var network = File.OpenHandle(Path.Combine(Folder, Name));
                SystemCalls.EnterNetwork(network);
                work();
                done.SetResult();
            }
            catch (Exception error)
            {
                done.SetException(error);
            }
        });
        thread.Start();
        return done.Task;
    }

    private static string EtcOf(string name) => Path.Combine(EtcFolder, name);

    private T Inside<T>(Func<T> work)
    {
        T result = default!;
        RunAsync(() => result = work()).GetAwaiter().GetResult();
        return result;
    }
}
