using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>
/// A cable in the place of a host's own, through which what the host sends arrives late, or not at all; what it is sent arrives at once.
/// The two ends are TAP devices, and this process carries the frames between them: not every kernel has a scheduler that does it (netem).
/// </summary>
internal sealed class WeakCable : IAsyncDisposable
{
    private const string Device = "/dev/net/tun";
    private const int MaxFrame = 64 * 1024;

    private readonly (NetworkNamespace Network, string Link)[] _ends;
    private readonly FileStream[] _files;
    private readonly Thread[] _carriers;
    private long _sent;
    private long _lost;

    private WeakCable((NetworkNamespace Network, string Link)[] ends, FileStream[] files)
    {
        _ends = ends;
        _files = files;
        _carriers = [.. Carry(files[0], files[1], isWeak: true), .. Carry(files[1], files[0], isWeak: false)];
        foreach (var carrier in _carriers)
            carrier.Start();
    }

    /// <summary>How much later what the host sends arrives.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Which share of the frames that the host sends is lost, each by chance.</summary>
    public double Loss { get; set; }

    /// <summary>How many frames the host has sent, and how many of them were lost.</summary>
    public (long Sent, long Lost) Frames => (Interlocked.Read(ref _sent), Interlocked.Read(ref _lost));

    /// <summary>Makes one between two links, neither of which may exist.</summary>
    public static async Task<WeakCable> CreateAsync(
        (NetworkNamespace Network, string Link) host, (NetworkNamespace Network, string Link) other)
    {
        if (!File.Exists(Device))
            throw new InvalidOperationException($"a weak cable needs {Device}: modprobe tun; mkdir -p /dev/net && mknod {Device} c 10 200");
        (NetworkNamespace Network, string Link)[] ends = [host, other];
        var files = new FileStream[ends.Length];
        for (var end = 0; end < ends.Length; end++)
        {
            var (file, link) = (end, ends[end].Link);
            await ends[end].Network.RunAsync(() => files[file] = OpenLink(link));
        }

        return new WeakCable(ends, files);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Who reads from a link wakes up when it is gone.
        foreach (var (network, link) in _ends)
            await network.IpAsync("link", "delete", link);
        foreach (var carrier in _carriers)
            carrier.Join();
        foreach (var file in _files)
            await file.DisposeAsync();
    }

    // TUNSETIFF of linux/if_tun.h, with a struct ifreq: a name in 16 bytes, flags, and room for what other requests need.
    private static FileStream OpenLink(string name)
    {
        const uint SetInterface = 0x400454CA;
        const short TapWithoutPacketInformation = 0x1002;
        var file = new FileStream(Device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        var request = new byte[40];
        Encoding.ASCII.GetBytes(name, request);
        BinaryPrimitives.WriteInt16LittleEndian(request.AsSpan(16), TapWithoutPacketInformation);
        SystemCalls.Control(file.SafeFileHandle, SetInterface, request);
        return file;
    }

    private Thread[] Carry(FileStream from, FileStream to, bool isWeak)
    {
        var underWay = new BlockingCollection<(byte[] Frame, long Since, TimeSpan Delay)>();
        return [new Thread(Take) { IsBackground = true }, new Thread(Bring) { IsBackground = true }];

        void Take()
        {
            var buffer = new byte[MaxFrame];
            try
            {
                while (from.Read(buffer) is > 0 and var length)
                {
                    if (!isWeak || !IsLost())
                        underWay.Add((buffer[..length], Stopwatch.GetTimestamp(), isWeak ? Delay : TimeSpan.Zero));
                }
            }
            catch (IOException)
            {
                // The link is gone.
            }

            underWay.CompleteAdding();
        }

        void Bring()
        {
            foreach (var (frame, since, delay) in underWay.GetConsumingEnumerable())
            {
                if (delay - Stopwatch.GetElapsedTime(since) is var left && left > TimeSpan.Zero)
                    Thread.Sleep(left);
                try
                {
                    to.Write(frame);
                }
                catch (IOException)
                {
                    // It arrives at a link that is down.
                }
            }
        }
    }

    private bool IsLost()
    {
        Interlocked.Increment(ref _sent);
        if (Random.Shared.NextDouble() >= Loss)
            return false;
        Interlocked.Increment(ref _lost);
        return true;
    }
}
