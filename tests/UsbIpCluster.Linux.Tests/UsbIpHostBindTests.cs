using UsbIpCluster.Devices;
using UsbIpCluster.Linux.Tests.Fakes;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

public sealed class UsbIpHostBindTests : UsbIpHostSpec
{
    private const string Host = "/sys/bus/usb/drivers/usbip-host";

    [Fact]
    public async Task Binding_takes_the_steps_of_the_stock_tool()
    {
        await BindAsync();
        Assert.Equal(
            ["/sys/bus/usb/drivers/usb/unbind: 1-1", $"{Host}/match_busid: add 1-1", $"{Host}/bind: 1-1"], Kernel.Writes);
    }

    [Fact]
    public async Task Binding_a_bound_device_does_nothing()
    {
        await BindAsync();
        var before = Kernel.Writes.Count;
        await BindAsync();
        Assert.Equal(before, Kernel.Writes.Count);
    }

    [Fact]
    public async Task A_device_that_can_not_be_bound_gets_its_driver_back()
    {
        Kernel.Intercept = (path, _) => path == $"{Host}/bind" ? 19 : null;
        await FailsAsync(DeviceError.Refused, BindAsync);
        Assert.Equal("usb", Path.GetFileName(new FileInfo(Sysfs.Below("/sys/bus/usb/devices/1-1/driver")).LinkTarget));
    }

    [Fact]
    public async Task A_full_table_is_named()
    {
        for (var i = 0; i < 16; i++)
            Assert.Equal(0, Kernel.Write(Sysfs.Below($"{Host}/match_busid"), System.Text.Encoding.ASCII.GetBytes($"add 9-{i}")));
        var error = await FailsAsync(DeviceError.Refused, BindAsync);
        Assert.Contains("16", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_permission_it_says_who_has_it()
    {
        Kernel.Intercept = (_, _) => 13;
        var error = await FailsAsync(DeviceError.NoPermission, BindAsync);
        Assert.Equal("run usbipcd as root", error.Hint);
    }

    [Fact]
    public async Task Without_the_module_it_names_the_module()
    {
        Sysfs.DeleteDirectory(Host);
        var error = await FailsAsync(DeviceError.ModuleMissing, BindAsync);
        Assert.Equal("modprobe usbip-host", error.Hint);
    }

    [Fact]
    public async Task An_absent_device_can_not_be_bound() =>
        await FailsAsync(DeviceError.NoSuchDevice, () => Exporter.BindAsync(BusId.Parse("1-9"), CancellationToken.None));

    [Fact]
    public async Task A_hub_can_not_be_bound()
    {
        Kernel.Plug(new FakeDevice("1-2", 6) { Class = "09" });
        await FailsAsync(DeviceError.Refused, () => Exporter.BindAsync(BusId.Parse("1-2"), CancellationToken.None));
        Assert.Empty(Kernel.Writes);
    }

    [Fact]
    public async Task An_imported_device_can_not_be_bound()
    {
        Kernel.Plug(new FakeDevice("9-1", 6) { Bus = "platform/vhci_hcd.0/usb9" });
        await FailsAsync(DeviceError.Refused, () => Exporter.BindAsync(BusId.Parse("9-1"), CancellationToken.None));
    }

    [Fact]
    public async Task Unbinding_takes_the_steps_of_the_stock_tool()
    {
        await BindAsync();
        await Exporter.UnbindAsync(Id, CancellationToken.None);
        Assert.Equal([$"{Host}/unbind: 1-1", $"{Host}/match_busid: del 1-1", $"{Host}/rebind: 1-1"], Kernel.Writes.Skip(3));
    }

    [Fact]
    public async Task A_device_that_is_not_bound_can_not_be_unbound() =>
        await FailsAsync(DeviceError.NotExported, () => Exporter.UnbindAsync(Id, CancellationToken.None));

    [Fact]
    public async Task A_device_that_goes_while_it_is_unbound_is_not_rebound()
    {
        await BindAsync();
        Kernel.OnWrite = (path, text) =>
        {
            if (text == "del 1-1")
                Kernel.Unplug(Disk);
        };
        await FailsAsync(DeviceError.NoSuchDevice, () => Exporter.UnbindAsync(Id, CancellationToken.None));
        Assert.DoesNotContain(Kernel.Writes, write => write.Contains("rebind", StringComparison.Ordinal));
    }

    private Task BindAsync() => Exporter.BindAsync(Id, CancellationToken.None);

    private static async Task<DeviceException> FailsAsync(DeviceError expected, Func<Task> work)
    {
        var error = await Assert.ThrowsAsync<DeviceException>(work);
        Assert.Equal(expected, error.Error);
        return error;
    }
}
