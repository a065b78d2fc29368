using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace.Tests;

public sealed class SimulatedExporterTests : IAsyncLifetime
{
    private static readonly BusId Sim0 = BusId.Parse("sim-0");
    private static readonly BusId Sim1 = BusId.Parse("sim-1");

    private readonly SimulatedExporter _exporter = new([new SimulatedSerial("S0"), new SimulatedKeyboard("S1")]);
    private readonly Recorder<DeviceChange> _changes = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _exporter.DisposeAsync();

    [Fact]
    public void Subscribe_tells_every_device_that_is_there()
    {
        using var subscription = _exporter.Subscribe(_changes.Add);

        var devices = _changes.Items.Cast<DeviceChange.Present>().Select(each => each.Device).ToArray();
        Assert.Equal([(Sim0, "S0"), (Sim1, "S1")], devices.Select(each => (each.BusId, each.Serial!)));
        Assert.All(devices, each => Assert.Equal(ExportStatus.Unbound, each.Status));
    }

    [Fact]
    public void A_device_says_who_it_is()
    {
        using var subscription = _exporter.Subscribe(_changes.Add);

        var device = ((DeviceChange.Present)_changes.Items[0]).Device;
        Assert.Equal((0x1209, 0x0001), (device.Record.VendorId, device.Record.ProductId));
        Assert.Equal(("UsbIpCluster", "Simulated serial adapter"), (device.Manufacturer, device.Product));
        Assert.Equal([new UsbClass(2, 2, 1), new UsbClass(10, 0, 0)], device.Interfaces.ToArray());
        Assert.Equal(2, device.Record.InterfaceCount);
    }

    [Fact]
    public async Task A_session_is_told_from_its_begin_to_its_end()
    {
        using var subscription = _exporter.Subscribe(_changes.Add);
        await _exporter.BindAsync(Sim0, default);
        (await RawImporter.ImportAsync(_exporter, Sim0)).Dispose();
        await _changes.CountAsync(5);
        await _exporter.UnbindAsync(Sim0, default);

        Assert.Equal(
            [ExportStatus.Unbound, ExportStatus.Available, ExportStatus.InUse, ExportStatus.Available, ExportStatus.Unbound],
            _changes.Items.Where(each => each.BusId == Sim0).Select(each => ((DeviceChange.Present)each).Device.Status));
    }

    [Fact]
    public async Task Bind_does_nothing_the_second_time()
    {
        await _exporter.BindAsync(Sim0, default);
        using var subscription = _exporter.Subscribe(_changes.Add);
        await _exporter.BindAsync(Sim0, default);

        Assert.Equal(2, _changes.Items.Count);
    }

    [Fact]
    public async Task Nothing_is_told_after_the_subscription_ended()
    {
        _exporter.Subscribe(_changes.Add).Dispose();
        await _exporter.BindAsync(Sim0, default);

        Assert.Equal(2, _changes.Items.Count);
    }

    [Fact]
    public async Task An_observer_that_calls_back_is_told_one_change_after_the_other()
    {
        var depth = 0;
        using var subscription = _exporter.Subscribe(change =>
        {
            Assert.Equal(1, Interlocked.Increment(ref depth));
            if (change is DeviceChange.Present { Device.Status: ExportStatus.Unbound })
                Assert.True(_exporter.BindAsync(change.BusId, default).IsCompletedSuccessfully);
            _changes.Add(change);
            Interlocked.Decrement(ref depth);
        });

        var statuses = (await _changes.CountAsync(4)).Select(each => ((DeviceChange.Present)each).Device.Status);
        Assert.Equal([ExportStatus.Unbound, ExportStatus.Unbound, ExportStatus.Available, ExportStatus.Available], statuses);
    }

    [Fact]
    public async Task An_observer_that_throws_is_told_the_next_change_all_the_same()
    {
        using var subscription = _exporter.Subscribe(change =>
        {
            _changes.Add(change);
            throw new InvalidOperationException("a bad observer");
        });
        await _exporter.BindAsync(Sim0, default);

        Assert.Equal(3, _changes.Items.Count);
    }

    [Fact]
    public Task Bind_of_an_unknown_device_is_no_such_device() =>
        FailsAsync(DeviceError.NoSuchDevice, () => _exporter.BindAsync(BusId.Parse("sim-9"), default));

    [Fact]
    public Task Unbind_of_an_unbound_device_is_not_exported() =>
        FailsAsync(DeviceError.NotExported, () => _exporter.UnbindAsync(Sim0, default));

    [Fact]
    public Task Release_of_an_unbound_device_is_not_exported() =>
        FailsAsync(DeviceError.NotExported, () => _exporter.ReleaseAsync(Sim0, default));

    [Fact]
    public async Task Serve_refuses_what_is_not_exported_and_leaves_the_connection_to_its_caller()
    {
        var (importer, connection) = Loopback.Connect();
        await FailsAsync(DeviceError.NotExported, () => _exporter.ServeAsync(Sim0, connection, default));

        AssertUntouched(importer, connection);
    }

    [Fact]
    public async Task Serve_refuses_a_device_in_use_and_leaves_the_connection_to_its_caller()
    {
        await _exporter.BindAsync(Sim0, default);
        using var first = await RawImporter.ImportAsync(_exporter, Sim0);
        var (importer, connection) = Loopback.Connect();
        await FailsAsync(DeviceError.Busy, () => _exporter.ServeAsync(Sim0, connection, default));

        AssertUntouched(importer, connection);
        first.AssertAlive();
        await _exporter.ReleaseAsync(Sim0, default);
        using var second = await RawImporter.ImportAsync(_exporter, Sim0);
    }

    [Fact]
    public async Task Serve_on_a_lost_connection_leaves_the_device_as_it_was()
    {
        await _exporter.BindAsync(Sim0, default);
        using var subscription = _exporter.Subscribe(_changes.Add);
        var (importer, connection) = Loopback.Connect();
        importer.LingerState = new LingerOption(true, 0);
        importer.Dispose();
        connection.Poll(TimeSpan.FromSeconds(5), SelectMode.SelectRead);

        await FailsAsync(DeviceError.PeerLost, () => _exporter.ServeAsync(Sim0, connection, default));
        Assert.Equal(2, _changes.Items.Count);
        using var next = await RawImporter.ImportAsync(_exporter, Sim0);
        next.AssertAlive();
    }

    [Fact]
    public async Task Serve_on_a_closed_socket_is_peer_lost()
    {
        await _exporter.BindAsync(Sim0, default);
        var (importer, connection) = Loopback.Connect();
        importer.Dispose();
        connection.Dispose();

        await FailsAsync(DeviceError.PeerLost, () => _exporter.ServeAsync(Sim0, connection, default));
    }

    [Fact]
    public async Task A_device_has_one_place()
    {
        var device = new SimulatedSerial("S");
        await using var other = new SimulatedExporter([device]);

        Assert.Throws<ArgumentException>(() => other.Plug(device));
        Assert.Throws<ArgumentException>(() => other.Plug(new SimulatedSerial("T"), Sim0));
    }

    [Fact]
    public async Task Release_ends_the_session_and_completes_when_the_device_is_available()
    {
        await _exporter.BindAsync(Sim0, default);
        using var first = await RawImporter.ImportAsync(_exporter, Sim0);
        await _exporter.ReleaseAsync(Sim0, default);

        using var second = await RawImporter.ImportAsync(_exporter, Sim0);
        second.AssertAlive();
        Assert.Equal(0, first.DrainToEnd());
    }

    [Fact]
    public async Task Release_of_a_device_without_session_does_nothing()
    {
        await _exporter.BindAsync(Sim0, default);
        await _exporter.ReleaseAsync(Sim0, default);
    }

    [Fact]
    public async Task Unbind_ends_the_session()
    {
        await _exporter.BindAsync(Sim0, default);
        using var importer = await RawImporter.ImportAsync(_exporter, Sim0);
        await _exporter.UnbindAsync(Sim0, default);

        Assert.Equal(0, importer.DrainToEnd());
    }

    [Fact]
    public async Task Cut_resets_the_connection()
    {
        await _exporter.BindAsync(Sim0, default);
        using var importer = await RawImporter.ImportAsync(_exporter, Sim0);
        Assert.True(_exporter.CutSession(Sim0));

        var exception = Assert.Throws<SocketException>(() => importer.ReceiveHeader());
        Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
        Assert.False(_exporter.CutSession(Sim1));
    }

    [Fact]
    public async Task Unplug_ends_the_session_and_tells_that_the_device_is_gone()
    {
        await _exporter.BindAsync(Sim0, default);
        using var subscription = _exporter.Subscribe(_changes.Add);
        using var importer = await RawImporter.ImportAsync(_exporter, Sim0);
        Assert.NotNull(_exporter.Unplug(Sim0));

        Assert.Equal(0, importer.DrainToEnd());
        Assert.IsType<DeviceChange.Gone>(await _changes.FirstAsync(each => each is DeviceChange.Gone));
        await FailsAsync(DeviceError.NoSuchDevice, () => _exporter.BindAsync(Sim0, default));
    }

    [Fact]
    public async Task A_replugged_device_has_another_number_and_is_unbound()
    {
        await _exporter.BindAsync(Sim0, default);
        using var subscription = _exporter.Subscribe(_changes.Add);
        var before = ((DeviceChange.Present)_changes.Items[0]).Device;
        Assert.Equal(Sim0, _exporter.Plug(_exporter.Unplug(Sim0)!));

        var after = ((DeviceChange.Present)_changes.Items[^1]).Device;
        Assert.Equal((Sim0, ExportStatus.Unbound), (after.BusId, after.Status));
        Assert.NotEqual(before.Record.DeviceId, after.Record.DeviceId);
    }

    [Fact]
    public async Task A_device_replugged_during_its_session_can_be_imported_at_once()
    {
        await _exporter.BindAsync(Sim0, default);
        using var first = await RawImporter.ImportAsync(_exporter, Sim0);
        _exporter.Plug(_exporter.Unplug(Sim0)!);
        await _exporter.BindAsync(Sim0, default);

        using var second = await RawImporter.ImportAsync(_exporter, Sim0);
        second.AssertAlive();
    }

    [Fact]
    public async Task Dispose_ends_all_sessions()
    {
        await _exporter.BindAsync(Sim0, default);
        using var importer = await RawImporter.ImportAsync(_exporter, Sim0);
        await _exporter.DisposeAsync();

        Assert.Equal(0, importer.DrainToEnd());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _exporter.BindAsync(Sim1, default));
    }

    private static async Task FailsAsync(DeviceError error, Func<Task> action) =>
        Assert.Equal(error, (await Assert.ThrowsAsync<DeviceException>(action)).Error);

    /// <summary>Nothing has been sent, and what the caller sends now arrives.</summary>
    private static void AssertUntouched(Socket importer, Socket connection)
    {
        using (importer)
        using (connection)
        {
            connection.Send([42]);
            var received = new byte[2];
            Assert.Equal(1, importer.Receive(received));
            Assert.Equal(42, received[0]);
        }
    }
}
