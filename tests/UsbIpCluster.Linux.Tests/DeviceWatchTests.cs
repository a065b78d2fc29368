using UsbIpCluster.Devices;
using UsbIpCluster.Linux.Tests.Fakes;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

/// <summary>What an exporter tells of its devices. Time is moved by the test, so what no uevent tells is found by the polling alone.</summary>
public sealed class DeviceWatchTests : IDisposable
{
    private static readonly FakeDevice Disk = new("1-1", 5);
    private static readonly TimeSpan HotStep = TimeSpan.FromMilliseconds(25);

    private readonly FakeSysfs _sysfs = new();
    private readonly ManualClock _clock = new();
    private readonly FakeUevents _uevents;
    private readonly FakeUsbIpHost _kernel;
    private readonly Recorder<DeviceChange> _changes = new();
    private readonly Recorder<string> _log = new();
    private DeviceWatch? _watch;

    public DeviceWatchTests()
    {
        _uevents = new FakeUevents(_clock);
        _kernel = new FakeUsbIpHost(_sysfs, _uevents);
        _sysfs.AddUsbIpHost();
    }

    public void Dispose()
    {
        _watch?.Dispose();
        _kernel.Dispose();
        _sysfs.Dispose();
    }

    [Fact]
    public async Task A_subscriber_is_told_first_what_is_there()
    {
        _kernel.Plug(Disk);
        using var _ = Subscribe();
        Assert.Equal("1-1", (await PresentAsync()).BusId.Value);
    }

    [Fact]
    public async Task A_device_that_is_plugged_in_is_told()
    {
        using var _ = Subscribe();
        _kernel.Plug(Disk);
        Assert.Equal(new DeviceId(1, 5), (await PresentAsync()).Record.DeviceId);
    }

    [Fact]
    public async Task A_change_has_the_time_of_its_uevent()
    {
        using var _ = Subscribe();
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        _kernel.Plug(Disk);
        var change = (DeviceChange.Present)await _changes.NextAsync();
        Assert.Equal(_clock.GetUtcNow(), change.Time);
    }

    [Fact]
    public async Task A_device_that_is_unplugged_is_gone()
    {
        _kernel.Plug(Disk);
        using var _ = await SubscribedAsync();
        _kernel.Unplug(Disk);
        Assert.IsType<DeviceChange.Gone>(await _changes.NextAsync());
    }

    [Fact]
    public async Task A_device_that_was_replugged_between_two_readings_is_gone_and_another_one_is_there()
    {
        _kernel.Plug(Disk);
        using var _ = await SubscribedAsync();
        _sysfs.Unplug(Disk);
        _kernel.Plug(Disk with { Devnum = 6 });
        Assert.IsType<DeviceChange.Gone>(await _changes.NextAsync());
        Assert.Equal(new DeviceId(1, 6), (await PresentAsync()).Record.DeviceId);
    }

    [Fact]
    public async Task A_session_that_ends_is_told_when_the_status_follows_the_closing_of_its_connection()
    {
        using var _ = await InUseAsync();
        _uevents.RaiseConnectionClosed();
        _clock.Advance(HotStep);
        Assert.True(_changes.IsEmpty);
        _kernel.SetStatus(Disk, "1");
        var change = (DeviceChange.Present)await _changes.NextAsync(_clock, HotStep, maxSteps: 20);
        Assert.Equal(ExportStatus.Available, change.Device.Status);
    }

    [Fact]
    public async Task Where_closed_connections_are_not_told_a_device_in_use_is_polled_fast()
    {
        _uevents.TellsClosedConnections = false;
        using var _ = await InUseAsync();
        _kernel.SetStatus(Disk, "1");
        var change = (DeviceChange.Present)await _changes.NextAsync(_clock, TimeSpan.FromMilliseconds(100), maxSteps: 4);
        Assert.Equal(ExportStatus.Available, change.Device.Status);
    }

    [Theory]
    [InlineData(true, 2000)]
    [InlineData(false, 100)]
    public async Task How_soon_a_device_in_use_is_read_again_depends_on_whether_closed_connections_are_told(bool told, int expected)
    {
        _uevents.TellsClosedConnections = told;
        using var _ = await InUseAsync();
        await Eventually.TrueAsync(() => _clock.UntilNext == TimeSpan.FromMilliseconds(expected));
    }

    [Fact]
    public async Task A_reset_alone_is_no_change()
    {
        _kernel.Plug(Disk);
        _sysfs.SetDriver(Disk, "usbip-host");
        using var _ = await SubscribedAsync();
        _sysfs.Unconfigure(Disk);
        _uevents.Raise("remove", FakeSysfs.DevPathOf(Disk) + "/1-1:1.0", "usb_interface");
        _kernel.Plug(new FakeDevice("1-2", 9));
        // The next that is told is the other device, although the first one was read before it.
        Assert.Equal("1-2", (await PresentAsync()).BusId.Value);
    }

    [Fact]
    public async Task What_no_uevent_tells_is_found_by_the_slow_polling()
    {
        _kernel.Plug(Disk);
        _sysfs.SetDriver(Disk, "usbip-host");
        using var _ = await SubscribedAsync();
        _kernel.SetStatus(Disk, "2");
        var change = (DeviceChange.Present)await _changes.NextAsync(_clock, TimeSpan.FromSeconds(1), maxSteps: 10);
        Assert.Equal(ExportStatus.InUse, change.Device.Status);
    }

    [Fact]
    public async Task Lost_uevents_make_it_read_everything_at_once()
    {
        using var _ = Subscribe();
        _sysfs.Plug(Disk);
        _uevents.RaiseLost();
        Assert.Equal("1-1", (await PresentAsync()).BusId.Value);
    }

    [Fact]
    public async Task Without_uevents_it_polls_faster()
    {
        _uevents.Degraded = "no socket";
        using var _ = Subscribe();
        _sysfs.Plug(Disk);
        Assert.NotNull(await _changes.NextAsync(_clock, TimeSpan.FromMilliseconds(250), maxSteps: 4));
    }

    [Fact]
    public async Task Devices_that_come_and_go_in_silence_are_noticed_and_polled_faster()
    {
        using var _ = Subscribe();
        _sysfs.Plug(Disk);
        await _changes.NextAsync(_clock, TimeSpan.FromSeconds(2), maxSteps: 3);
        _sysfs.Unplug(Disk);
        await _changes.NextAsync(_clock, TimeSpan.FromSeconds(2), maxSteps: 3);
        Assert.Contains("without a uevent", await _log.NextAsync(), StringComparison.Ordinal);

        _sysfs.Plug(Disk);
        await _changes.NextAsync(_clock, TimeSpan.FromMilliseconds(250), maxSteps: 4);
        _uevents.Raise("change", "/devices/other");
        Assert.Contains("again", await _log.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_there_at_the_start_is_no_sign_of_missing_uevents()
    {
        _sysfs.Plug(Disk);
        using var first = await SubscribedAsync();
        Assert.True(_log.IsEmpty);
    }

    [Fact]
    public async Task A_device_that_can_not_be_read_is_said_once_and_does_not_hide_the_others()
    {
        _sysfs.Plug(Disk);
        _sysfs.Write("/sys/bus/usb/devices/1-1/speed", "fast");
        using var _ = Subscribe();
        _kernel.Plug(new FakeDevice("1-2", 9));
        Assert.Equal("1-2", (await PresentAsync()).BusId.Value);
        Assert.Contains("1-1", await _log.NextAsync(), StringComparison.Ordinal);
        Assert.True(_log.IsEmpty);
    }

    [Theory]
    [InlineData("/devices/platform/vhci_hcd.0/usb9/9-1", "usb_device")]
    [InlineData("/devices/pci0000:00/usb1", "usb_device")]
    [InlineData("/devices/pci0000:00/usb1/1-0:1.0", "usb_interface")]
    public async Task Uevents_of_other_things_are_passed_over(string devPath, string type)
    {
        using var _ = Subscribe();
        _sysfs.Plug(Disk with { BusId = "9-1" });
        _uevents.Raise("add", devPath, type);
        _kernel.Plug(new FakeDevice("1-2", 9));
        Assert.Equal("1-2", (await PresentAsync()).BusId.Value);
    }

    [Fact]
    public async Task Two_subscribers_are_told_the_same()
    {
        using var first = Subscribe();
        var others = new Recorder<DeviceChange>();
        using var second = _watch!.Subscribe(others.Observe);
        _kernel.Plug(Disk);
        Assert.Equal(await _changes.NextAsync(), await others.NextAsync());
    }

    [Fact]
    public async Task Whoever_has_unsubscribed_is_told_nothing()
    {
        var others = new Recorder<DeviceChange>();
        using var first = Subscribe();
        _watch!.Subscribe(others.Observe).Dispose();
        _kernel.Plug(Disk);
        await _changes.NextAsync();
        Assert.True(others.IsEmpty);
    }

    [Fact]
    public async Task A_subscriber_that_throws_does_not_keep_the_others_from_being_told()
    {
        using var first = Subscribe();
        using var broken = _watch!.Subscribe(_ => throw new InvalidOperationException("broken"));
        var others = new Recorder<DeviceChange>();
        using var last = _watch.Subscribe(others.Observe);
        _kernel.Plug(Disk);
        await others.NextAsync();
        Assert.Contains("broken", await _log.NextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bound_device_is_told_at_once()
    {
        _kernel.Plug(Disk);
        using var _ = await SubscribedAsync();
        _sysfs.SetDriver(Disk, "usbip-host");
        _watch!.Touch(BusId.Parse("1-1"));
        Assert.Equal(ExportStatus.Available, (await PresentAsync()).Status);
    }

    [Fact]
    public async Task A_device_from_which_a_mounted_system_runs_is_told_with_the_next_reading_of_everything()
    {
        _kernel.Plug(Disk);
        using var _ = Subscribe();
        Assert.False((await PresentAsync()).HoldsSystem);
        _sysfs.AddBlock($"/sys{FakeSysfs.DevPathOf(Disk)}/1-1:1.0/host0/block/sda", "8:0");
        _sysfs.Mount("8:0 /var /dev/sda");
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.True((await PresentAsync()).HoldsSystem);
    }

    private IDisposable Subscribe()
    {
        _watch ??= new DeviceWatch(new SysfsDevices(new Sysfs(_sysfs.Root, _kernel)), _uevents, _clock, _log.Observe);
        return _watch.Subscribe(_changes.Observe);
    }

    private async Task<IDisposable> SubscribedAsync()
    {
        var subscription = Subscribe();
        Assert.IsType<DeviceChange.Present>(await _changes.NextAsync());
        return subscription;
    }

    private async Task<IDisposable> InUseAsync()
    {
        _sysfs.Plug(Disk);
        _sysfs.SetDriver(Disk, "usbip-host");
        _kernel.SetStatus(Disk, "2");
        return await SubscribedAsync();
    }

    private async Task<LocalDevice> PresentAsync() => Assert.IsType<DeviceChange.Present>(await _changes.NextAsync()).Device;
}
