using System.Buffers.Binary;
using System.Net.Sockets;
using UsbIpCluster.Linux.Tests.Fakes;

namespace UsbIpCluster.Linux.Tests;

/// <summary>Against this machine's kernel: a device without hardware is made to tell a change.</summary>
public sealed class UeventSocketTests
{
    private const string Trigger = "/sys/class/mem/null/uevent";
    private const string TriggerPath = "/devices/virtual/mem/null";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [RootFact]
    public async Task An_event_of_the_kernel_is_told()
    {
        using var socket = new UeventSocket(TimeProvider.System, _ => { });
        var signals = new Recorder<UeventSignal>();
        using var subscription = socket.Subscribe(signals.Observe);

        TriggerEvent();

        var signal = await signals.NextAsync(signal => PathOf(signal) == TriggerPath);
        Assert.Equal(new Uevent("change", TriggerPath, "mem", null), ((UeventSignal.Happened)signal).Event);
        Assert.Null(socket.Degraded);
    }

    [RootFact]
    public async Task A_message_that_a_process_sends_to_the_group_is_refused()
    {
        using var socket = new UeventSocket(TimeProvider.System, _ => { });
        var signals = new Recorder<UeventSignal>();
        using var subscription = socket.Subscribe(signals.Observe);

        SendAsProcess("remove@/devices/forged\0ACTION=remove\0DEVPATH=/devices/forged\0SUBSYSTEM=usb\0"u8);
        TriggerEvent();

        // Both came over one queue, so what is told first is not the forged one, and that one was counted.
        var first = await signals.NextAsync(signal => PathOf(signal) is TriggerPath or "/devices/forged");
        Assert.Equal((TriggerPath, 1), (PathOf(first), socket.Refused));
    }

    [RootFact]
    public async Task Lost_events_are_told_as_a_reason_to_read_everything()
    {
        var log = new Recorder<string>();
        using var socket = new UeventSocket(TimeProvider.System, log.Observe, bufferSize: 1, SystemCalls.KobjectUevent, SystemCalls.SocketDiagnosis);
        using var blocked = new ManualResetEventSlim();
        var signals = new Recorder<UeventSignal>();
        using var subscription = socket.Subscribe(signal =>
        {
            signals.Observe(signal);
            blocked.Wait(Patience);
        });

        for (var i = 0; i < 200; i++)
            TriggerEvent();
        blocked.Set();

        await signals.NextAsync(signal => signal is UeventSignal.Lost);
        Assert.Contains("read again", await log.NextAsync(), StringComparison.Ordinal);
        TriggerEvent();
        await signals.NextAsync(signal => PathOf(signal) == TriggerPath);
    }

    [Fact]
    public async Task A_connection_that_is_reset_is_told_once_at_either_end()
    {
        using var socket = new UeventSocket(TimeProvider.System, _ => { });
        await Eventually.TrueAsync(() => socket.TellsClosedConnections);
        var (near, far) = Connections.Pair();
        using var _ = near;
        var signals = new Recorder<UeventSignal>();
        using var subscription = socket.Subscribe(signals.Observe);
        far.Reset();
        Assert.IsType<UeventSignal.ConnectionClosed>(await signals.NextAsync(signal => signal is not UeventSignal.Happened));
    }

    [Fact]
    public async Task Many_closed_connections_are_told_together()
    {
        using var socket = new UeventSocket(TimeProvider.System, _ => { });
        var told = 0;
        using var subscription = socket.Subscribe(signal => told += signal is UeventSignal.ConnectionClosed ? 1 : 0);
        var start = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < 500; i++)
            new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp).Dispose();
        await Eventually.TrueAsync(() => told > 0);
        var count = told;
        Assert.InRange(count, 1, 2 + (TimeProvider.System.GetElapsedTime(start).TotalMilliseconds / 10));
    }

    [Fact]
    public async Task Where_uevents_can_not_be_had_it_says_so_and_works_on()
    {
        var log = new Recorder<string>();
        using var socket = new UeventSocket(TimeProvider.System, log.Observe, bufferSize: 4096, ueventProtocol: 99, SystemCalls.SocketDiagnosis);
        Assert.Contains("errno 93", socket.Degraded, StringComparison.Ordinal);
        Assert.Contains("polled", await log.NextAsync(), StringComparison.Ordinal);
        await Eventually.TrueAsync(() => socket.TellsClosedConnections);
    }

    [RootFact]
    public async Task Where_closed_connections_are_not_told_it_says_so_and_tells_uevents()
    {
        var log = new Recorder<string>();
        using var socket = new UeventSocket(TimeProvider.System, log.Observe, bufferSize: 4096, SystemCalls.KobjectUevent, closedProtocol: 99);
        Assert.Contains("sessions are polled", await log.NextAsync(), StringComparison.Ordinal);
        var signals = new Recorder<UeventSignal>();
        using var subscription = socket.Subscribe(signals.Observe);
        TriggerEvent();
        await signals.NextAsync(signal => PathOf(signal) == TriggerPath);
        Assert.False(socket.TellsClosedConnections);
    }

    /// <summary>The thread closes the socket as its last step.</summary>
    [Fact]
    public void Disposing_ends_the_thread_which_closes_the_socket()
    {
        var socket = new UeventSocket(TimeProvider.System, _ => { });
        Assert.Equal(1, OpenSockets());
        socket.Dispose();
        socket.Dispose();
        Assert.Equal(0, OpenSockets());
    }

    [RootFact]
    public async Task An_observer_that_disposes_the_socket_does_not_block()
    {
        var socket = new UeventSocket(TimeProvider.System, _ => { });
        var disposed = new TaskCompletionSource();
        using var subscription = socket.Subscribe(_ =>
        {
            socket.Dispose();
            disposed.TrySetResult();
        });
        TriggerEvent();
        await disposed.Task.WaitAsync(Patience);
    }

    private static string? PathOf(UeventSignal signal) => (signal as UeventSignal.Happened)?.Event.DevPath;

    private static void TriggerEvent() => File.WriteAllText(Trigger, "change");

    /// <summary>Sockets of this process in /proc/net/netlink, whose columns are sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode.</summary>
    private static int OpenSockets()
    {
        var mine = Directory.GetFiles("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget).ToHashSet(StringComparer.Ordinal);
        return File.ReadLines("/proc/self/net/netlink")
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Count(columns => columns[1] == "15" && mine.Contains($"socket:[{columns[9]}]"));
    }

    private static void SendAsProcess(ReadOnlySpan<byte> message)
    {
        var fd = TestCalls.CreateSocket(SystemCalls.NetlinkFamily, SystemCalls.RawSocket, SystemCalls.KobjectUevent);
        Span<byte> address = stackalloc byte[12];
        address.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(address, SystemCalls.NetlinkFamily);
        BinaryPrimitives.WriteUInt32LittleEndian(address[8..], 1);
        Assert.Equal(message.Length, TestCalls.SendTo(fd, message, message.Length, 0, address, address.Length));
        Assert.Equal(0, TestCalls.Close(fd));
    }
}
