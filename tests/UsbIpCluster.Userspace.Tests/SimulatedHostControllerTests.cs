using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace.Tests;

/// <summary>The simulated host controller against the simulated exporter, over TCP.</summary>
public sealed class SimulatedHostControllerTests : IAsyncLifetime
{
    private static readonly BusId Serial = BusId.Parse("sim-0");
    private static readonly BusId Keyboard = BusId.Parse("sim-1");
    private static readonly PortNumber Port0 = new(0);

    private readonly SimulatedKeyboard _keyboard = new("K1");
    private readonly SimulatedExporter _exporter;
    private readonly SimulatedHostController _controller = new(portCount: 2, new ManualTime());
    private readonly Recorder<PortChange> _changes = new();
    private readonly Recorder<string> _log = new();

    public SimulatedHostControllerTests() => _exporter = new SimulatedExporter([new SimulatedSerial("S1"), _keyboard], log: _log.Add);

    public async Task InitializeAsync()
    {
        await _exporter.BindAsync(Serial, default);
        await _exporter.BindAsync(Keyboard, default);
        _controller.Subscribe(_changes.Add);
    }

    public async Task DisposeAsync()
    {
        await _controller.DisposeAsync();
        await _exporter.DisposeAsync();
    }

    [Fact]
    public async Task Attach_goes_through_enumerating_to_ready()
    {
        Assert.Equal(Port0, await AttachAsync(Serial));
        await _changes.FirstAsync(each => each.Port.Status == PortStatus.Ready);

        var ports = _changes.Items.Select(each => each.Port).ToArray();
        Assert.Equal([PortStatus.Enumerating, PortStatus.Ready], ports.Select(each => each.Status));
        Assert.Equal([null, BusId.Parse("sim-port-0")], ports.Select(each => each.LocalBusId));
        Assert.Equal(ports[1], Assert.Single(_controller.ReadPorts()));
        Assert.Equal(Serial, ports[1].Origin!.BusId);
    }

    [Fact]
    public async Task The_device_is_enumerated_as_itself()
    {
        var device = await AttachReadyAsync(Serial);

        Assert.Equal((0x1209, 0x0001), (device.Device.VendorId, device.Device.ProductId));
        Assert.Equal(("UsbIpCluster", "Simulated serial adapter", "S1"), (device.Manufacturer, device.Product, device.Serial));
        Assert.Equal(2, device.Configuration.InterfaceCount);
    }

    [Fact]
    public async Task Subscribe_tells_the_ports_that_are_not_free()
    {
        await AttachReadyAsync(Serial);
        var late = new Recorder<PortChange>();
        using var subscription = _controller.Subscribe(late.Add);

        Assert.Equal(PortStatus.Ready, Assert.Single(late.Items).Port.Status);
    }

    [Fact]
    public async Task Megabytes_in_mixed_sizes_come_back_as_they_were()
    {
        var device = await AttachReadyAsync(Serial);
        var random = new Random(1);
        var data = new byte[8 * 1024 * 1024];
        random.NextBytes(data);
        var writing = WriteAllAsync(device, data, new Random(2));
        var received = new byte[data.Length];
        for (var at = 0; at < received.Length;)
        {
            var result = await device.ReadAsync(SimulatedSerial.DataIn, random.Next(1, 200_000), default);
            Assert.True(result.IsOk);
            result.Data.CopyTo(received.AsMemory(at));
            at += result.Length;
        }

        await writing;
        Assert.Equal(data, received);
    }

    [Fact]
    public async Task Many_transfers_at_once_keep_their_order()
    {
        var device = await AttachReadyAsync(Serial);
        var reads = Enumerable.Range(0, 200).Select(_ => device.ReadAsync(SimulatedSerial.DataIn, 1, default)).ToArray();
        await device.WriteAsync(SimulatedSerial.DataOut, Enumerable.Range(0, 200).Select(each => (byte)each).ToArray(), default);

        var values = (await Task.WhenAll(reads)).Select(each => (int)each.Data.Span[0]);
        Assert.Equal(Enumerable.Range(0, 200), values);
    }

    [Fact]
    public async Task A_cancelled_read_is_taken_back_and_leaves_its_data_to_the_next()
    {
        var device = await AttachReadyAsync(Serial);
        using var cancellation = new CancellationTokenSource();
        var read = device.ReadAsync(SimulatedSerial.DataIn, 10, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);

        await device.WriteAsync(SimulatedSerial.DataOut, new byte[] { 1, 2 }, default);
        Assert.Equal([1, 2], (await device.ReadAsync(SimulatedSerial.DataIn, 10, default)).Data.ToArray());
    }

    [Fact]
    public async Task Keys_pressed_at_the_exporter_arrive()
    {
        var device = await AttachReadyAsync(Keyboard);
        var read = device.ReadAsync(SimulatedKeyboard.ReportIn, SimulatedKeyboard.ReportSize, default);
        Assert.True(_keyboard.Press(4));

        Assert.Equal(4, (await read).Data.Span[2]);
    }

    [Fact]
    public async Task A_refused_request_is_a_status_and_not_the_end()
    {
        var device = await AttachReadyAsync(Serial);
        var refused = await device.ControlAsync(new SetupPacket(0xc0, 1, 0, 0, 8), default, default);

        Assert.Equal(-32, refused.Status);
        Assert.True((await device.ControlAsync(new SetupPacket(0x80, 0, 0, 0, 2), default, default)).IsOk);
    }

    [Fact]
    public async Task Detach_frees_the_port_and_the_device()
    {
        await AttachReadyAsync(Serial);
        await _controller.DetachAsync(Port0, default);

        Assert.Empty(_controller.ReadPorts());
        Assert.Equal(PortStatus.Free, _changes.Items[^1].Port.Status);
        await _exporter.ReleaseAsync(Serial, default);
        Assert.Equal(Port0, await AttachAsync(Serial));
    }

    [Theory]
    [InlineData("unplug")]
    [InlineData("cut at the exporter")]
    [InlineData("cut at the importer")]
    [InlineData("release")]
    [InlineData("the exporter ends")]
    public async Task A_lost_session_frees_the_port_and_fails_what_is_pending(string loss)
    {
        var device = await AttachReadyAsync(Serial);
        var pending = device.ReadAsync(SimulatedSerial.DataIn, 10, default);
        await (loss switch
        {
            "unplug" => Task.FromResult(_exporter.Unplug(Serial)),
            "cut at the exporter" => Task.FromResult(_exporter.CutSession(Serial)),
            "cut at the importer" => Task.FromResult(_controller.CutSession(Port0)),
            "release" => _exporter.ReleaseAsync(Serial, default),
            _ => _exporter.DisposeAsync().AsTask(),
        });

        var free = await _changes.FirstAsync(each => each.Port.Status == PortStatus.Free);
        Assert.Equal(new HostPort(Port0, PortStatus.Free, null, null, null), free.Port);
        Assert.Equal(DeviceError.PeerLost, (await Assert.ThrowsAsync<DeviceException>(() => pending)).Error);
        Assert.Null(_controller.Find(Port0));
    }

    [Fact]
    public async Task A_cut_at_the_importer_is_a_reset_for_the_exporter()
    {
        await AttachReadyAsync(Serial);
        _controller.CutSession(Port0);

        await _log.FirstAsync(line => line.Contains("the connection was lost: Connection reset by peer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_third_device_finds_no_port()
    {
        await AttachReadyAsync(Serial);
        await AttachAsync(Keyboard);
        var (peer, connection) = Loopback.Connect();

        await FailsAsync(DeviceError.NoFreePort, () => _controller.AttachAsync(connection, SomeRecord(), SomeOrigin(), default));
        Assert.Equal(0, peer.Receive(new byte[1]));
    }

    [Fact]
    public async Task A_device_without_speed_is_refused()
    {
        var (peer, connection) = Loopback.Connect();

        await FailsAsync(
            DeviceError.Refused,
            () => _controller.AttachAsync(connection, SomeRecord() with { Speed = UsbSpeed.Unknown }, SomeOrigin(), default));
        Assert.Equal(0, peer.Receive(new byte[1]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(-1)]
    public Task Detach_of_nothing_is_no_such_port(int port) =>
        FailsAsync(DeviceError.NoSuchPort, () => _controller.DetachAsync(new PortNumber(port), default));

    [Fact]
    public async Task Dispose_ends_all_sessions()
    {
        await AttachReadyAsync(Serial);
        await _controller.DisposeAsync();

        Assert.Empty(_controller.ReadPorts());
        await _exporter.ReleaseAsync(Serial, default);
    }

    private static async Task WriteAllAsync(SimulatedPort device, ReadOnlyMemory<byte> data, Random random)
    {
        while (!data.IsEmpty)
        {
            var part = data[..Math.Min(data.Length, random.Next(1, 300_000))];
            var result = await device.WriteAsync(SimulatedSerial.DataOut, part, default);
            Assert.Equal((0, part.Length), (result.Status, result.Length));
            data = data[part.Length..];
        }
    }

    private static UsbDeviceRecord SomeRecord() =>
        new("/x", BusId.Parse("1-1"), new DeviceId(1, 2), UsbSpeed.High, 1, 2, 3, default, 1, 1, 1);

    private static PortOrigin SomeOrigin() => new("127.0.0.1", "3240", BusId.Parse("1-1"));

    private static async Task FailsAsync(DeviceError error, Func<Task> action) =>
        Assert.Equal(error, (await Assert.ThrowsAsync<DeviceException>(action)).Error);

    private Task<PortNumber> AttachAsync(BusId busId) => EndToEnd.AttachAsync(_exporter, busId, _controller);

    private async Task<SimulatedPort> AttachReadyAsync(BusId busId)
    {
        var port = await AttachAsync(busId);
        await _changes.FirstAsync(each => each.Port.Port == port && each.Port.Status == PortStatus.Ready);
        return _controller.Find(port)!;
    }
}
