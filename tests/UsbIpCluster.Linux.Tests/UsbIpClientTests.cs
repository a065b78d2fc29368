using System.Net;
using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux.Tests.Fakes;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

/// <summary>The importer's side against a server that is played by the test over loopback.</summary>
public sealed class UsbIpClientTests : IDisposable
{
    private static readonly BusId Id = BusId.Parse("1-1");
    private static readonly LeaseId Lease = LeaseId.New();
    private static readonly UsbDeviceRecord Device = new(
        "/sys/devices/x", Id, new DeviceId(1, 5), UsbSpeed.High, 0x0525, 0xa4a5, 0x0404, default, 1, 1, 1);

    private readonly Socket _listener = Connections.Listen();

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task An_import_asks_for_the_device_and_returns_its_connection()
    {
        var server = Task.Run(() =>
        {
            var socket = _listener.Accept();
            var request = socket.Receive(40);
            socket.Send(ImportReply.Granted(Device).Encode());
            return (Request: request, Socket: socket);
        });
        using var connection = Import();
        using var far = (await server).Socket;
        Assert.Equal(new OpRequest.Import(Id).Encode(), (await server).Request);
        Assert.Equal(Device, connection.Device);
        far.Send("urb"u8);
        Assert.Equal("urb"u8, connection.Socket.Receive(3));
    }

    [Theory]
    [InlineData(false, OpCode.LeasePreamble)]
    [InlineData(true, OpCode.ResumePreamble)]
    public async Task A_lease_is_named_before_the_device(bool resume, OpCode expected)
    {
        var server = Task.Run(() =>
        {
            using var socket = _listener.Accept();
            var request = socket.Receive(24 + 40);
            socket.Send(ImportReply.Granted(Device).Encode());
            return request;
        });
        Import(new LeasePreamble(Lease, resume)).Dispose();
        var request = await server;
        Assert.Equal((expected, Lease), (OpHeader.Read(request).Value.Code, LeaseId.Read(request.AsSpan(8))));
        Assert.Equal(new OpRequest.Import(Id).Encode(), request[24..]);
    }

    [Fact]
    public async Task An_imported_connection_has_its_options_and_is_in_no_epoll()
    {
        var server = ServeAsync(socket => socket.Send(ImportReply.Granted(Device).Encode()));
        using var connection = Import();
        await server;
        SessionSocketTests.AssertDefaultOptions(connection.Socket);
        Assert.False(Connections.IsInEpoll(connection.Socket));
    }

    [Fact]
    public async Task What_the_exporter_sends_behind_its_answer_is_left_to_the_kernel()
    {
        var server = ServeAsync(socket => socket.Send([.. ImportReply.Granted(Device).Encode(), 1, 2, 3]));
        using var connection = Import();
        await server;
        Assert.Equal(new byte[] { 1, 2, 3 }, connection.Socket.Receive(3));
    }

    [Theory]
    [InlineData(OpStatus.Na, DeviceError.NotExported)]
    [InlineData(OpStatus.DevBusy, DeviceError.Busy)]
    [InlineData(OpStatus.NoDev, DeviceError.NoSuchDevice)]
    [InlineData(OpStatus.DevErr, DeviceError.Refused)]
    [InlineData(OpStatus.Error, DeviceError.Refused)]
    [InlineData((OpStatus)77, DeviceError.Refused)]
    public async Task A_refusal_is_named(OpStatus status, DeviceError expected)
    {
        var server = ServeAsync(socket => socket.Send(ImportReply.Refused(status).Encode()));
        Fails(expected, () => Import());
        await server;
    }

    [Fact]
    public async Task Another_device_than_was_asked_for_is_refused()
    {
        var server = ServeAsync(socket => socket.Send(ImportReply.Granted(Device with { BusId = BusId.Parse("1-2") }).Encode()));
        Assert.Contains("1-2", Fails(DeviceError.UnexpectedFormat, () => Import()).Message, StringComparison.Ordinal);
        await server;
    }

    [Fact]
    public async Task Another_version_is_named()
    {
        var server = ServeAsync(socket => socket.Send("HTTP/1.1 400 Bad Request\r\n\r\n"u8));
        Assert.Contains("0x4854", Fails(DeviceError.UnexpectedFormat, () => Import()).Message, StringComparison.Ordinal);
        await server;
    }

    [Fact]
    public async Task A_peer_that_closes_without_an_answer_is_lost()
    {
        var server = ServeAsync(_ => { });
        Fails(DeviceError.PeerLost, () => Import());
        await server;
    }

    [Fact]
    public async Task A_peer_that_resets_is_lost()
    {
        var server = ServeAsync(socket => socket.Reset());
        Fails(DeviceError.PeerLost, () => Import());
        await server;
    }

    [Fact]
    public async Task A_peer_that_closes_within_its_answer_is_lost()
    {
        var server = ServeAsync(socket => socket.Send(ImportReply.Granted(Device).Encode().AsSpan(0, 100)));
        Fails(DeviceError.PeerLost, () => Import());
        await server;
    }

    [Fact]
    public async Task A_peer_that_drips_its_answer_does_not_stretch_the_deadline()
    {
        using var done = new ManualResetEventSlim();
        var server = ServeAsync(socket =>
        {
            foreach (var value in ImportReply.Granted(Device).Encode().TakeWhile(_ => !done.Wait(20)))
                socket.Send([value]);
        });
        Fails(DeviceError.TimedOut, () => Import(timeout: TimeSpan.FromMilliseconds(200)));
        done.Set();
        await server;
    }

    [Fact]
    public async Task An_import_that_is_cancelled_while_the_exporter_says_nothing_ends_at_once_and_is_closed()
    {
        using var cancelled = new CancellationTokenSource();
        var import = Task.Run(() => Import(cancellationToken: cancelled.Token));
        using var far = await _listener.AcceptAsync();
        far.Receive(40);
        await cancelled.CancelAsync();
        await EndsAtOnceAsync(import);
        Assert.True(far.Poll(TimeSpan.FromSeconds(5), SelectMode.SelectRead));
    }

    [Fact]
    public async Task An_import_that_is_cancelled_while_nobody_takes_its_connection_ends_at_once()
    {
        using var full = Connections.Listen(backlog: 0);
        using var first = SessionSocket.Connect(full.EndPoint(), Soon);
        using var cancelled = new CancellationTokenSource();
        var import = Task.Run(() => UsbIpClient.Import(
            full.EndPoint(), null, Id, SessionSocketOptions.Default, Deadline.After(TimeSpan.FromSeconds(10)), cancelled.Token));
        Assert.True(SpinWait.SpinUntil(() => Connections.IsConnectingTo(full.EndPoint()), TimeSpan.FromSeconds(5)));
        await cancelled.CancelAsync();
        await EndsAtOnceAsync(import);
        Assert.False(Connections.IsConnectingTo(full.EndPoint()));
    }

    [Fact]
    public void An_import_that_is_cancelled_before_it_begins_connects_to_nobody()
    {
        Assert.Throws<OperationCanceledException>(() => Import(cancellationToken: new CancellationToken(canceled: true)));
        Assert.False(_listener.Poll(TimeSpan.Zero, SelectMode.SelectRead));
    }

    [Fact]
    public async Task A_connection_that_was_imported_is_not_closed_by_a_later_cancellation()
    {
        var server = ServeAsync(socket => socket.Send(ImportReply.Granted(Device).Encode()));
        using var cancelled = new CancellationTokenSource();
        using var connection = Import(cancellationToken: cancelled.Token);
        await server;
        await cancelled.CancelAsync();
        Assert.Equal(0, connection.Socket.Receive(new byte[1]));
    }

    [Fact]
    public async Task The_devices_of_a_server_are_listed()
    {
        DevlistDevice[] devices = [new(Device, [new UsbClass(8, 6, 0x50)]), new(Device with { BusId = BusId.Parse("1-2"), InterfaceCount = 0 }, [])];
        var server = ServeAsync(socket => socket.Send(DevlistReply.Encode(devices)));
        Assert.Equal(devices, UsbIpClient.ListDevices(EndPoint, Soon).ToArray());
        Assert.Equal(new OpRequest.ListDevices().Encode(), await server);
    }

    [Fact]
    public async Task A_server_that_refuses_to_list_is_named()
    {
        var reply = new byte[DevlistReply.Size];
        new OpHeader(OpCode.DevlistReply, OpStatus.Error).Write(reply);
        var server = ServeAsync(socket => socket.Send(reply));
        Fails(DeviceError.Refused, () => UsbIpClient.ListDevices(EndPoint, Soon));
        await server;
    }

    [Fact]
    public async Task A_list_that_ends_too_early_is_a_lost_peer()
    {
        var server = ServeAsync(socket => socket.Send(DevlistReply.Encode([new DevlistDevice(Device, [default])]).AsSpan(0, 200)));
        Fails(DeviceError.PeerLost, () => UsbIpClient.ListDevices(EndPoint, Soon));
        await server;
    }

    private static Deadline Soon => Deadline.After(TimeSpan.FromSeconds(10));

    private IPEndPoint EndPoint => _listener.EndPoint();

    private ImportedConnection Import(
        LeasePreamble? preamble = null, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        UsbIpClient.Import(
            EndPoint, preamble, Id, SessionSocketOptions.Default, Deadline.After(timeout ?? TimeSpan.FromSeconds(10)), cancellationToken);

    // Long before its own deadline.
    private static Task<OperationCanceledException> EndsAtOnceAsync(Task import) =>
        Assert.ThrowsAsync<OperationCanceledException>(() => import.WaitAsync(TimeSpan.FromSeconds(3)));

    /// <summary>Accepts one connection, takes what was asked, answers, and closes it.</summary>
    private Task<byte[]> ServeAsync(Action<Socket> answer) => Task.Run(() =>
    {
        using var socket = _listener.Accept();
        var request = new byte[100];
        var length = socket.Receive(request);
        answer(socket);
        return request[..length];
    });

    private static DeviceException Fails(DeviceError expected, Action work)
    {
        var error = Assert.Throws<DeviceException>(work);
        Assert.Equal(expected, error.Error);
        return error;
    }
}
