using UsbIpCluster.Devices;
using UsbIpCluster.Linux.Tests.Fakes;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

public sealed class UsbIpHostBindTests : IAsyncDisposable
{
    private const string Host = "/sys/bus/usb/drivers/usbip-host";
    private static readonly FakeDevice Disk = new("1-1", 5);
    private static readonly BusId Id = BusId.Parse("1-1");

    private readonly FakeSysfs _sysfs = new();
    private readonly FakeUsbIpHost _kernel;
    private readonly UsbIpHostExporter _exporter;

    public UsbIpHostBindTests()
    {
        var uevents = new FakeUevents(TimeProvider.System);
        _kernel = new FakeUsbIpHost(_sysfs, uevents);
        _sysfs.AddUsbIpHost();
        _kernel.Plug(Disk);
        var files = new Sysfs(_sysfs.Root, _kernel);
        _exporter = new UsbIpHostExporter(
            files, new KernelModules(files, modprobe: null), uevents, SessionSocketOptions.Default, TimeProvider.System, _ => { });
    }

    public async ValueTask DisposeAsync()
    {
        await _exporter.DisposeAsync();
        _kernel.Dispose();
        _sysfs.Dispose();
    }

    [Fact]
    public async Task Binding_takes_the_steps_of_the_stock_tool()
    {
        await BindAsync();
        Assert.Equal(
            ["/sys/bus/usb/drivers/usb/unbind: 1-1", $"{Host}/match_busid: add 1-1", $"{Host}/bind: 1-1"], _kernel.Writes);
    }

    [Fact]
    public async Task Binding_a_bound_device_does_nothing()
    {
        await BindAsync();
        var before = _kernel.Writes.Count;
        await BindAsync();
        Assert.Equal(before, _kernel.Writes.Count);
    }

    [Fact]
    public async Task A_device_that_can_not_be_bound_gets_its_driver_back()
    {
        _kernel.Intercept = (path, _) => path == $"{Host}/bind" ? 19 : null;
        await FailsAsync(DeviceError.Refused, BindAsync);
        Assert.Equal("usb", Path.GetFileName(new FileInfo(_sysfs.Below("/sys/bus/usb/devices/1-1/driver")).LinkTarget));
    }

    [Fact]
    public async Task A_full_table_is_named()
    {
        for (var i = 0; i < 16; i++)
            Assert.Equal(0, _kernel.Write(_sysfs.Below($"{Host}/match_busid"), System.Text.Encoding.ASCII.GetBytes($"add 9-{i}")));
        var error = await FailsAsync(DeviceError.Refused, BindAsync);
        Assert.Contains("16", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_permission_it_says_who_has_it()
    {
        _kernel.Intercept = (_, _) => 13;
        var error = await FailsAsync(DeviceError.NoPermission, BindAsync);
        Assert.Equal("run usbipcd as root", error.Hint);
    }

    [Fact]
    public async Task Without_the_module_it_names_the_module()
    {
        _sysfs.DeleteDirectory(Host);
        var error = await FailsAsync(DeviceError.ModuleMissing, BindAsync);
        Assert.Equal("modprobe usbip-host", error.Hint);
    }

    [Fact]
    public async Task An_absent_device_can_not_be_bound() =>
        await FailsAsync(DeviceError.NoSuchDevice, () => _exporter.BindAsync(BusId.Parse("1-9"), CancellationToken.None));

    [Fact]
    public async Task A_hub_can_not_be_bound()
    {
        _kernel.Plug(new FakeDevice("1-2", 6) { Class = "09" });
        await FailsAsync(DeviceError.Refused, () => _exporter.BindAsync(BusId.Parse("1-2"), CancellationToken.None));
        Assert.Empty(_kernel.Writes);
    }

    [Fact]
    public async Task An_imported_device_can_not_be_bound()
    {
        _kernel.Plug(new FakeDevice("9-1", 6) { Bus = "platform/vhci_hcd.0/usb9" });
        await FailsAsync(DeviceError.Refused, () => _exporter.BindAsync(BusId.Parse("9-1"), CancellationToken.None));
    }

    [Fact]
    public async Task Unbinding_takes_the_steps_of_the_stock_tool()
    {
        await BindAsync();
        await _exporter.UnbindAsync(Id, CancellationToken.None);
        Assert.Equal([$"{Host}/unbind: 1-1", $"{Host}/match_busid: del 1-1", $"{Host}/rebind: 1-1"], _kernel.Writes.Skip(3));
    }

    [Fact]
    public async Task A_device_that_is_not_bound_can_not_be_unbound() =>
        await FailsAsync(DeviceError.NotExported, () => _exporter.UnbindAsync(Id, CancellationToken.None));

    [Fact]
    public async Task A_device_that_goes_while_it_is_unbound_is_not_rebound()
    {
        await BindAsync();
        _kernel.OnWrite = (path, text) =>
        {
            if (text == "del 1-1")
                _kernel.Unplug(Disk);
        };
        await FailsAsync(DeviceError.NoSuchDevice, () => _exporter.UnbindAsync(Id, CancellationToken.None));
        Assert.DoesNotContain(_kernel.Writes, write => write.Contains("rebind", StringComparison.Ordinal));
    }

    private Task BindAsync() => _exporter.BindAsync(Id, CancellationToken.None);

    private static async Task<DeviceException> FailsAsync(DeviceError expected, Func<Task> work)
    {
        var error = await Assert.ThrowsAsync<DeviceException>(work);
        Assert.Equal(expected, error.Error);
        return error;
    }
}
