using UsbIpCluster.Devices;
using UsbIpCluster.Linux.Tests.Fakes;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

/// <summary>What a host controller tells of its ports. Time is moved by the test.</summary>
public sealed class PortWatchTests : IDisposable
{
    private const uint DevId = 0x00010005;
    private static readonly PortNumber Port = new(0);

    private readonly FakeSysfs _sysfs = new();
    private readonly TempFolder _run = new();
    private readonly ManualClock _clock = new();
    private readonly FakeUevents _uevents;
    private readonly FakeVhci _kernel;
    private readonly PortRecords _records;
    private readonly Recorder<PortChange> _changes = new();
    private readonly Recorder<string> _log = new();
    private PortWatch? _watch;

    public PortWatchTests()
    {
        _uevents = new FakeUevents(_clock);
        _kernel = new FakeVhci(_sysfs, _uevents);
        _records = new PortRecords(_run.Path, _log.Observe);
    }

    public void Dispose()
    {
        _watch?.Dispose();
        _kernel.Dispose();
        _run.Dispose();
        _sysfs.Dispose();
    }

    [Fact]
    public async Task A_subscriber_is_told_first_what_is_attached()
    {
        _records.Write(Port, new PortOrigin("lab1", "3240", BusId.Parse("1-1")));
        _kernel.Enumerate(0, DevId, "9-1");
        using var _ = Subscribe();
        var port = (await _changes.NextAsync()).Port;
        Assert.Equal(
            new HostPort(Port, PortStatus.Ready, DeviceId.FromValue(DevId), BusId.Parse("9-1"), new PortOrigin("lab1", "3240", BusId.Parse("1-1"))),
            port);
    }

    [Fact]
    public async Task A_device_is_ready_when_it_is_configured_and_not_before()
    {
        using var _ = Subscribe();
        var device = _kernel.Address(0, DevId, "9-1");
        _uevents.Raise("add", FakeSysfs.DevPathOf(device));
        Assert.Equal(PortStatus.Enumerating, (await _changes.NextAsync()).Port.Status);
        _kernel.Configure(device);
        Assert.Equal(PortStatus.Ready, (await _changes.NextAsync()).Port.Status);
    }

    [Fact]
    public async Task A_device_without_a_configuration_is_never_ready()
    {
        using var _ = Subscribe();
        var device = _kernel.Address(0, DevId, "9-1");
        _sysfs.Plug(device);
        _sysfs.Unconfigure(device);
        _uevents.Raise("bind", FakeSysfs.DevPathOf(device));
        Assert.Equal(PortStatus.Enumerating, (await _changes.NextAsync()).Port.Status);
    }

    [Fact]
    public async Task A_lost_device_is_told_with_the_time_of_its_first_uevent()
    {
        var device = _kernel.Enumerate(0, DevId, "9-1");
        using var _ = await SubscribedAsync();
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        _kernel.Lose(0, device);
        var change = await _changes.NextAsync();
        Assert.Equal((PortStatus.Free, _clock.GetUtcNow()), (change.Port.Status, change.Time));
    }

    [Fact]
    public async Task A_port_that_is_free_before_any_uevent_is_told_when_its_connection_is_closed()
    {
        _kernel.Enumerate(0, DevId, "9-1");
        using var _ = await SubscribedAsync();
        _kernel.Free(0);
        _uevents.RaiseConnectionClosed();
        Assert.Equal(PortStatus.Free, (await _changes.NextAsync()).Port.Status);
    }

    [Fact]
    public async Task A_port_that_is_free_just_after_its_connection_was_closed_is_read_again_within_milliseconds()
    {
        _kernel.Enumerate(0, DevId, "9-1");
        using var _ = await SubscribedAsync();
        _uevents.RaiseConnectionClosed();
        _clock.Advance(TimeSpan.FromMilliseconds(5));
        _kernel.Free(0);
        Assert.Equal(PortStatus.Free, (await _changes.NextAsync(_clock, TimeSpan.FromMilliseconds(5), maxSteps: 4)).Port.Status);
    }

    [Fact]
    public async Task Where_closed_connections_are_not_told_a_port_in_use_is_polled_fast()
    {
        _uevents.TellsClosedConnections = false;
        _kernel.Enumerate(0, DevId, "9-1");
        using var _ = await SubscribedAsync();
        _kernel.Free(0);
        Assert.Equal(PortStatus.Free, (await _changes.NextAsync(_clock, TimeSpan.FromMilliseconds(100), maxSteps: 4)).Port.Status);
    }

    [Fact]
    public async Task A_port_that_is_free_only_after_its_uevent_is_read_again_within_milliseconds()
    {
        var device = _kernel.Enumerate(0, DevId, "9-1");
        using var _ = await SubscribedAsync();
        _uevents.Raise("remove", FakeSysfs.DevPathOf(device) + "/9-1:1.0", "usb_interface");
        _clock.Advance(TimeSpan.FromMilliseconds(5));
        _kernel.Free(0);
        Assert.Equal(PortStatus.Free, (await _changes.NextAsync(_clock, TimeSpan.FromMilliseconds(5), maxSteps: 4)).Port.Status);
    }

    [Fact]
    public async Task The_record_of_a_port_goes_with_its_device()
    {
        _records.Write(Port, new PortOrigin("lab1", "3240", BusId.Parse("1-1")));
        var device = _kernel.Enumerate(0, DevId, "9-1");
        using var _ = await SubscribedAsync();
        _kernel.Lose(0, device);
        await _changes.NextAsync();
        Assert.Null(_records.Read(Port));
    }

    [Fact]
    public async Task A_record_that_another_tool_writes_later_is_told()
    {
        _kernel.Enumerate(0, DevId, "9-1");
        using var _ = await SubscribedAsync();
        _records.Write(Port, new PortOrigin("lab1", "3240", BusId.Parse("1-1")));
        _uevents.RaiseLost();
        Assert.Equal("lab1", (await _changes.NextAsync()).Port.Origin?.Host);
    }

    [Fact]
    public async Task Only_the_controller_of_the_uevent_is_read()
    {
        using var _ = Subscribe();
        _kernel.Take(4);
        _kernel.Take(0);
        _uevents.Raise("add", "/devices/platform/vhci_hcd.1/usb9/9-1");
        Assert.Equal(4, (await _changes.NextAsync()).Port.Port.Number);
    }

    [Fact]
    public async Task A_port_that_hangs_in_enumeration_is_polled_every_second()
    {
        _kernel.Take(0);
        using var _ = await SubscribedAsync();
        _kernel.Free(0);
        Assert.Equal(PortStatus.Free, (await _changes.NextAsync(_clock, TimeSpan.FromMilliseconds(1000), maxSteps: 2)).Port.Status);
    }

    [Fact]
    public async Task What_no_uevent_tells_is_found_by_the_slow_polling()
    {
        using var _ = Subscribe();
        _kernel.Take(0);
        Assert.Equal(PortStatus.Enumerating, (await _changes.NextAsync(_clock, TimeSpan.FromSeconds(1), maxSteps: 10)).Port.Status);
    }

    [Fact]
    public async Task Without_uevents_it_polls_fast()
    {
        _uevents.Degraded = "no socket";
        using var _ = Subscribe();
        _kernel.Take(0);
        Assert.NotNull(await _changes.NextAsync(_clock, TimeSpan.FromMilliseconds(100), maxSteps: 4));
    }

    [Fact]
    public async Task Another_device_at_the_port_is_not_taken_for_the_one_before()
    {
        _kernel.Enumerate(0, DevId, "9-1");
        using var _ = await SubscribedAsync();
        _kernel.Address(0, DevId + 1, "9-2");
        _uevents.RaiseLost();
        var change = await _changes.NextAsync();
        Assert.Equal((PortStatus.Enumerating, "9-2"), (change.Port.Status, change.Port.LocalBusId?.Value));
    }

    [Fact]
    public async Task A_module_that_is_unloaded_takes_its_devices_with_it()
    {
        _kernel.Enumerate(0, DevId, "9-1");
        using var _ = await SubscribedAsync();
        _sysfs.DeleteDirectory(FakeSysfs.Vhci);
        _uevents.RaiseLost();
        Assert.Equal(PortStatus.Free, (await _changes.NextAsync()).Port.Status);
    }

    [Fact]
    public async Task A_status_that_can_not_be_understood_is_said_once_and_changes_nothing()
    {
        _kernel.Enumerate(0, DevId, "9-1");
        using var _ = await SubscribedAsync();
        _sysfs.Write($"{FakeSysfs.Vhci}/status", "what is this\n");
        _uevents.RaiseLost();
        Assert.Contains("what is this", await _log.NextAsync(), StringComparison.Ordinal);
        _watch!.AfterReading(() => 0);
        Assert.Equal((true, true), (_log.IsEmpty, _changes.IsEmpty));
    }

    [Fact]
    public async Task A_wait_that_takes_too_long_says_so()
    {
        _kernel.Take(0);
        using var _ = await SubscribedAsync();
        var wait = _watch!.WaitAsync(Port, TimeSpan.FromSeconds(5), status => status == PortStatus.Free, CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.False(await wait);
    }

    private IDisposable Subscribe()
    {
        _watch ??= new PortWatch(new VhciDriver(new Sysfs(_sysfs.Root, _kernel)), _records, _uevents, _clock, _log.Observe);
        return _watch.Subscribe(_changes.Observe);
    }

    private async Task<IDisposable> SubscribedAsync()
    {
        var subscription = Subscribe();
        await _changes.NextAsync();
        return subscription;
    }
}
