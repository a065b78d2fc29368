using System.Net;
using System.Text.Json.Nodes;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>A host of a <see cref="Lab"/>: a network of its own, a folder, and one daemon at a time.</summary>
internal sealed class LabHost : IAsyncDisposable
{
    private readonly List<Daemon> _daemons = [];

    public LabHost(string name, IPAddress address, NetworkNamespace network, Lab lab)
    {
        Name = Node = name;
        Address = address;
        Network = network;
        Lab = lab;
        Folder = lab.Folder.CreateSubdirectory(name);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>What its daemon is told to call itself.</summary>
    public string Node { get; set; }

    /// <summary>Its address.</summary>
    public IPAddress Address { get; }

    /// <summary>Its network.</summary>
    public NetworkNamespace Network { get; }

    /// <summary>The network that it is in.</summary>
    public Lab Lab { get; }

    /// <summary>Its files.</summary>
    public DirectoryInfo Folder { get; }

    /// <summary>The control socket of its daemon.</summary>
    public string Socket => Path.Combine(Folder.FullName, "control.sock");

    /// <summary>The state folder of its daemon.</summary>
    public string State => Path.Combine(Folder.FullName, "state");

    /// <summary>Where its daemon's configuration is.</summary>
    public string ConfigurationFile => Path.Combine(Folder.FullName, "usbipcd.json");

    /// <summary>Its daemon's configuration, to which a test may add; written at each start.</summary>
    public JsonObject Configuration { get; } = new() { ["cluster"] = new JsonObject { ["insecure"] = true } };

    /// <summary>Every daemon that was started on it, the last one last.</summary>
    public IReadOnlyList<Daemon> Daemons => _daemons;

    /// <summary>Where it serves USB/IP.</summary>
    public IPEndPoint UsbIp => new(Address, 3240);

    /// <summary>Where it serves the cluster.</summary>
    public IPEndPoint Cluster => new(Address, 7240);

    /// <summary>Starts the daemon with simulated devices and a simulated host controller, and waits until it says that it is ready.</summary>
    /// <param name="seeds">Where it knocks.</param>
    /// <param name="exports">Whether it has a device.</param>
    public async Task<Daemon> StartAsync(IEnumerable<LabHost>? seeds = null, bool exports = true)
    {
        var daemon = Launch(seeds, exports);
        await daemon.WaitUntilReadyAsync();
        return daemon;
    }

    /// <summary>Starts it as <see cref="StartAsync"/> does, and waits for nothing.</summary>
    public Daemon Launch(IEnumerable<LabHost>? seeds = null, bool exports = true) => Launch(
    [
        "--exporter", exports ? "simulated" : "none",
        "--host-controller", "simulated",
        .. (seeds ?? []).SelectMany(seed => (string[])["--seed", seed.Address.ToString()]),
    ]);

    /// <summary>Starts the daemon with these options besides its name and its files.</summary>
    public Daemon Launch(IEnumerable<string> options)
    {
        var daemon = Daemon.Launch(this, [.. OwnOptions(), .. options]);
        _daemons.Add(daemon);
        return daemon;
    }

    /// <summary>Writes the configuration file as it is now.</summary>
    public void WriteConfiguration() => File.WriteAllText(ConfigurationFile, Configuration.ToJsonString());

    /// <summary>Gives it a hook, a shell script.</summary>
    public void AddHook(string name, string script)
    {
        var path = Path.Combine(Folder.CreateSubdirectory("hooks").FullName, name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>The options that name it and its files; the configuration file is written now.</summary>
    public string[] OwnOptions()
    {
        WriteConfiguration();
        return ["--config", ConfigurationFile, "--node", Node, "--state", State, "--control", Socket];
    }

    /// <summary>Runs a program in its network.</summary>
    public Task<CommandResult> RunAsync(string file, params IEnumerable<string> arguments) =>
        Command.RunAsync("ip", ["netns", "exec", Network.Name, file, .. arguments]);

    /// <summary>Runs <c>usbipc</c> against its daemon, unless the arguments name another socket.</summary>
    public Task<CommandResult> UsbipcAsync(params IEnumerable<string> arguments) =>
        Command.RunAsync(Executables.Usbipc, arguments.Contains("--socket") ? arguments : ["--socket", Socket, .. arguments]);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var daemon in _daemons)
            await daemon.DisposeAsync();
        await Network.DisposeAsync();
    }
}
