using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux.Tests.Fakes;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

public sealed class UsbIpHostSessionTests : UsbIpHostSpec
{
    private readonly List<Socket> _importers = [];

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _importers.ForEach(importer => importer.Dispose());
    }

    [Fact]
    public async Task Serving_hands_the_socket_over_before_it_answers()
    {
        await BindAsync();
        var (importer, connection) = Connections.Pair();
        using var _ = importer;
        var answeredTooEarly = false;
        Kernel.OnWrite = (_, _) => answeredTooEarly = importer.Available > 0;

        await Exporter.ServeAsync(Id, connection, CancellationToken.None);

        var reply = ImportReply.Read(importer.Receive(ImportReply.MaxSize));
        Assert.Equal((Id, new DeviceId(1, 5)), (reply.Value.Device!.BusId, reply.Value.Device.DeviceId));
        Assert.False(answeredTooEarly);
    }

    [Fact]
    public async Task After_serving_only_the_kernel_holds_the_connection()
    {
        await BindAsync();
        var (importer, connection) = Connections.Pair();
        using var _ = importer;
        await Exporter.ServeAsync(Id, connection, CancellationToken.None);
        importer.Receive(ImportReply.MaxSize);

        Assert.Throws<ObjectDisposedException>(() => connection.Available);
        Kernel.SessionOf(Disk).Send("urb"u8);
        Assert.Equal("urb"u8, importer.Receive(3));
    }

    [Fact]
    public async Task A_session_has_its_options_and_no_timeouts()
    {
        await BindAsync();
        var (importer, connection) = Connections.Pair();
        using var _ = importer;
        connection.ReceiveTimeout = connection.SendTimeout = 3000;
        await Exporter.ServeAsync(Id, connection, CancellationToken.None);

        var session = Kernel.SessionOf(Disk);
        SessionSocketTests.AssertDefaultOptions(session);
    }

    [Fact]
    public async Task A_served_connection_is_in_no_epoll()
    {
        await BindAsync();
        using var listener = Connections.Listen();
        using var importer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var accepting = listener.AcceptAsync();
        await importer.ConnectAsync(listener.EndPoint());
        var connection = await accepting;
        var inEpollAtHandOver = true;
        Kernel.OnWrite = (_, _) => inEpollAtHandOver = Connections.IsInEpoll(connection);

        await Exporter.ServeAsync(Id, connection, CancellationToken.None);

        Assert.Equal((true, false), (Connections.IsInEpoll(listener), inEpollAtHandOver));
    }

    [Fact]
    public async Task A_device_in_use_is_busy_and_the_connection_stays_the_callers()
    {
        await BindAsync();
        await ServeAsync();
        var (importer, connection) = Connections.Pair();
        using var _ = importer;
        await FailsAsync(DeviceError.Busy, () => Exporter.ServeAsync(Id, connection, CancellationToken.None));
        connection.Send("still mine"u8);
        Assert.Equal(10, importer.Receive(10).Length);
    }

    [Fact]
    public async Task A_device_that_another_process_takes_meanwhile_is_busy()
    {
        await BindAsync();
        Kernel.Intercept = (path, _) =>
        {
            if (!path.EndsWith("usbip_sockfd", StringComparison.Ordinal))
                return null;
            Kernel.SetStatus(Disk, "2");
            return 22;
        };
        await FailsAsync(DeviceError.Busy, ServeAsync);
    }

    [Fact]
    public async Task A_device_that_is_not_bound_is_not_served() => await FailsAsync(DeviceError.NotExported, ServeAsync);

    [Fact]
    public async Task An_absent_device_is_not_served()
    {
        Kernel.Unplug(Disk);
        await FailsAsync(DeviceError.NoSuchDevice, ServeAsync);
    }

    [Fact]
    public async Task A_faulted_device_is_not_served()
    {
        await BindAsync();
        Kernel.SetStatus(Disk, "3");
        await FailsAsync(DeviceError.Refused, ServeAsync);
    }

    [Fact]
    public async Task An_importer_that_has_gone_leaves_the_device_as_it_was()
    {
        await BindAsync();
        var (importer, connection) = Connections.Pair();
        importer.Dispose();
        await FailsAsync(DeviceError.PeerLost, () => Exporter.ServeAsync(Id, connection, CancellationToken.None));
        Assert.DoesNotContain(Kernel.Writes, write => write.Contains("usbip_sockfd", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_importer_that_goes_before_the_answer_makes_the_device_free_again()
    {
        await BindAsync();
        var (importer, connection) = Connections.Pair();
        Kernel.OnWrite = (path, text) =>
        {
            if (text == "-1")
                return;
            importer.Reset();
            Assert.True(connection.Poll(TimeSpan.FromSeconds(10), SelectMode.SelectError));
        };
        Kernel.Intercept = (_, text) =>
        {
            if (text != "-1")
                return null;
            Kernel.SetStatus(Disk, "1");
            return 0;
        };
        await FailsAsync(DeviceError.PeerLost, () => Exporter.ServeAsync(Id, connection, CancellationToken.None));
        Assert.EndsWith("usbip_sockfd: -1", Kernel.Writes[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Releasing_fences_the_session_and_waits_until_the_device_is_available()
    {
        await BindAsync();
        await ServeAsync();
        var release = Exporter.ReleaseAsync(Id, CancellationToken.None);
        await UntilAsync(() => Kernel.Writes[^1].EndsWith("usbip_sockfd: -1", StringComparison.Ordinal));
        Assert.False(release.IsCompleted);
        Kernel.EndReset(Disk);
        Kernel.SetStatus(Disk, "1");
        await release;
    }

    [Fact]
    public async Task Releasing_a_free_device_does_nothing()
    {
        await BindAsync();
        var before = Kernel.Writes.Count;
        await Exporter.ReleaseAsync(Id, CancellationToken.None);
        Assert.Equal(before, Kernel.Writes.Count);
    }

    [Fact]
    public async Task A_session_whose_connection_has_ended_is_left_to_the_kernel()
    {
        await BindAsync();
        (await ServeAsync()).Reset();
        var before = Kernel.Writes.Count;
        var release = Exporter.ReleaseAsync(Id, CancellationToken.None);
        Kernel.SetStatus(Disk, "1");
        await release;
        Assert.Equal(before, Kernel.Writes.Count);
    }

    [Fact]
    public async Task A_session_that_the_kernel_does_not_end_is_fenced_after_all()
    {
        var clock = new ManualClock();
        await using var exporter = ExporterWith(clock);
        await BindAsync();
        (await ServeAsync(exporter)).Reset();
        var release = exporter.ReleaseAsync(Id, CancellationToken.None);
        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return Kernel.Writes[^1].EndsWith("usbip_sockfd: -1", StringComparison.Ordinal);
        });
        Assert.InRange(clock.GetElapsedTime(0), TimeSpan.FromSeconds(8), TimeSpan.FromHours(1));
        Kernel.SetStatus(Disk, "1");
        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(20));
            return release.IsCompletedSuccessfully;
        });
    }

    [Fact]
    public async Task Releasing_a_session_that_ends_by_itself_waits_for_the_device_too()
    {
        await BindAsync();
        await ServeAsync();
        Kernel.LoseSession(Disk);
        var release = Exporter.ReleaseAsync(Id, CancellationToken.None);
        await UntilAsync(() => Kernel.Writes[^1].EndsWith("usbip_sockfd: -1", StringComparison.Ordinal));
        Kernel.SetStatus(Disk, "1");
        await release;
    }

    [Fact]
    public async Task A_device_that_is_unplugged_while_it_is_released_is_named()
    {
        await BindAsync();
        await ServeAsync();
        var release = Exporter.ReleaseAsync(Id, CancellationToken.None);
        await UntilAsync(() => Kernel.Writes[^1].EndsWith("usbip_sockfd: -1", StringComparison.Ordinal));
        Kernel.Unplug(Disk);
        await FailsAsync(DeviceError.NoSuchDevice, () => release);
    }

    [Fact]
    public async Task A_device_that_does_not_come_back_is_a_timeout()
    {
        var clock = new ManualClock();
        await using var exporter = ExporterWith(clock);
        await BindAsync();
        await ServeAsync(exporter);
        var release = exporter.ReleaseAsync(Id, CancellationToken.None);
        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return release.IsCompleted;
        });
        await FailsAsync(DeviceError.TimedOut, () => release);
        Assert.InRange(clock.GetElapsedTime(0), TimeSpan.FromSeconds(5), TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task Operations_on_one_device_come_one_after_another()
    {
        await BindAsync();
        await ServeAsync();
        var release = Exporter.ReleaseAsync(Id, CancellationToken.None);
        await UntilAsync(() => Kernel.Writes[^1].EndsWith("usbip_sockfd: -1", StringComparison.Ordinal));
        var unbind = Exporter.UnbindAsync(Id, CancellationToken.None);
        Assert.EndsWith("usbip_sockfd: -1", Kernel.Writes[^1], StringComparison.Ordinal);
        Kernel.SetStatus(Disk, "1");
        await release;
        Kernel.EndReset(Disk);
        await unbind;
        Assert.EndsWith("rebind: 1-1", Kernel.Writes[^1], StringComparison.Ordinal);
    }

    private Task BindAsync() => Exporter.BindAsync(Id, CancellationToken.None);

    private UsbIpHostExporter ExporterWith(ManualClock clock)
    {
        var files = new Sysfs(Sysfs.Root, Kernel);
        return new UsbIpHostExporter(
            files, new KernelModules(files, modprobe: null), new FakeUevents(clock), SessionSocketOptions.Default, clock, _ => { });
    }

    /// <summary>The importer's end of a session.</summary>
    private Task<Socket> ServeAsync() => ServeAsync(Exporter);

    private async Task<Socket> ServeAsync(UsbIpHostExporter exporter)
    {
        var (importer, connection) = Connections.Pair();
        _importers.Add(importer);
        await exporter.ServeAsync(Id, connection, CancellationToken.None);
        return importer;
    }

    private static async Task<DeviceException> FailsAsync(DeviceError expected, Func<Task> work)
    {
        var error = await Assert.ThrowsAsync<DeviceException>(work);
        Assert.Equal(expected, error.Error);
        return error;
    }

    private static Task UntilAsync(Func<bool> condition) => Eventually.TrueAsync(condition);
}
