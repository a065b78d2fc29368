using UsbIpCluster.Devices;
using UsbIpCluster.Linux.Tests.Fakes;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

public sealed class SysfsDevicesTests : IDisposable
{
    private static readonly BusId Id = BusId.Parse("1-1.4");
    private readonly FakeSysfs _sysfs = new();
    private readonly SysfsDevices _devices;

    public SysfsDevicesTests() => _devices = new SysfsDevices(new Sysfs(_sysfs.Root));

    public void Dispose() => _sysfs.Dispose();

    [Fact]
    public void A_device_is_read_with_everything_that_an_importer_is_told()
    {
        _sysfs.Plug(new FakeDevice("1-1.4", 7));
        var expected = new LocalDevice(
            new UsbDeviceRecord(
                "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1.4", Id, new DeviceId(1, 7), UsbSpeed.High, 0x0525, 0xa4a5, 0x0404,
                default, ConfigurationValue: 1, ConfigurationCount: 1, InterfaceCount: 1),
            [new UsbClass(8, 6, 0x50)], "0123456789", "Linux", "File-backed storage", ExportStatus.Unbound);
        Assert.Equal(expected, Read());
    }

    [Theory]
    [InlineData("1.5", UsbSpeed.Low)]
    [InlineData("12", UsbSpeed.Full)]
    [InlineData("480", UsbSpeed.High)]
    [InlineData("5000", UsbSpeed.Super)]
    [InlineData("10000", UsbSpeed.SuperPlus)]
    [InlineData("20000", UsbSpeed.SuperPlus)]
    [InlineData("unknown", UsbSpeed.Unknown)]
    public void The_speed_is_that_of_the_specification(string text, UsbSpeed expected)
    {
        _sysfs.Plug(new FakeDevice("1-1.4", 7) { Speed = text });
        Assert.Equal(expected, Read()!.Record.Speed);
    }

    [Fact]
    public void Only_devices_are_listed()
    {
        _sysfs.Plug(new FakeDevice("1-1.4", 7));
        foreach (var other in (string[])["usb1", "1-0:1.0", "1-1.4:1.0", ".hidden", "x-1"])
            _sysfs.CreateDirectory($"{FakeSysfs.Devices}/{other}");
        Assert.Equal([Id], _devices.List());
    }

    [Fact]
    public void An_imported_device_is_not_a_local_one()
    {
        _sysfs.Plug(new FakeDevice("1-1.4", 7) { Bus = "platform/vhci_hcd.3/usb5" });
        Assert.Null(Read());
        Assert.True(_devices.IsImported(Id));
    }

    [Fact]
    public void A_device_counts_only_when_its_enumeration_is_over()
    {
        var device = new FakeDevice("1-1.4", 7);
        _sysfs.Plug(device);
        _sysfs.DeleteDirectory($"{FakeSysfs.Devices}/1-1.4/ep_00");
        Assert.Null(Read());
    }

    [Theory]
    [InlineData("devnum")]
    [InlineData("busnum")]
    [InlineData("idVendor")]
    [InlineData("speed")]
    [InlineData("bNumConfigurations")]
    public void A_device_that_vanishes_between_two_readings_is_absent(string file)
    {
        _sysfs.Plug(new FakeDevice("1-1.4", 7));
        _sysfs.Delete($"{FakeSysfs.Devices}/1-1.4/{file}");
        Assert.Null(Read());
    }

    [Theory]
    [InlineData("speed", "fast")]
    [InlineData("idVendor", "52")]
    [InlineData("idVendor", "zzzz")]
    [InlineData("bDeviceClass", "100")]
    [InlineData("devnum", "-1")]
    [InlineData("devnum", "99999")]
    [InlineData("busnum", "")]
    [InlineData("bNumConfigurations", "1\u001b[2J")]
    public void What_can_not_be_understood_is_named_with_its_file(string file, string content)
    {
        _sysfs.Plug(new FakeDevice("1-1.4", 7));
        _sysfs.Write($"{FakeSysfs.Devices}/1-1.4/{file}", content);
        var error = Assert.Throws<DeviceException>(() => Read());
        Assert.Equal(DeviceError.UnexpectedFormat, error.Error);
        Assert.Contains($"{FakeSysfs.Devices}/1-1.4/{file}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(error.Message, char.IsControl);
    }

    [Fact]
    public void Strings_of_the_device_are_made_printable_and_bounded()
    {
        _sysfs.Plug(new FakeDevice("1-1.4", 7) { Serial = "\u001b]0;owned\u0007", Manufacturer = "  ", Product = new string('p', 1000) });
        var device = Read()!;
        Assert.Equal(("?]0;owned?", null, 255), (device.Serial, device.Manufacturer, device.Product!.Length));
    }

    [Fact]
    public void A_device_without_strings_has_none()
    {
        _sysfs.Plug(new FakeDevice("1-1.4", 7) { Serial = null, Manufacturer = null, Product = null });
        var device = Read()!;
        Assert.Equal((null, null, null), (device.Serial, device.Manufacturer, device.Product));
    }

    [Theory]
    [InlineData("1\n", ExportStatus.Available)]
    [InlineData("2\n", ExportStatus.InUse)]
    [InlineData("3\n", ExportStatus.Faulted)]
    public void The_state_of_an_exported_device_is_read_from_its_driver(string content, ExportStatus expected)
    {
        var device = new FakeDevice("1-1.4", 7);
        _sysfs.Plug(device);
        _sysfs.SetDriver(device, "usbip-host");
        _sysfs.Write($"{FakeSysfs.Devices}/1-1.4/usbip_status", content);
        Assert.Equal(expected, Read()!.Status);
    }

    [Fact]
    public void An_unknown_state_is_named()
    {
        var device = new FakeDevice("1-1.4", 7);
        _sysfs.Plug(device);
        _sysfs.SetDriver(device, "usbip-host");
        _sysfs.Write($"{FakeSysfs.Devices}/1-1.4/usbip_status", "8\n");
        Assert.Equal(DeviceError.UnexpectedFormat, Assert.Throws<DeviceException>(() => Read()).Error);
    }

    [Fact]
    public void A_device_without_a_configuration_is_found_by_the_classes_of_its_first()
    {
        var device = new FakeDevice("1-1.4", 7);
        _sysfs.Plug(device);
        _sysfs.Unconfigure(device);
        var read = Read()!;
        Assert.Equal((0, 1), (read.Record.ConfigurationValue, read.Record.InterfaceCount));
        Assert.Equal([new UsbClass(8, 6, 0x50)], read.Interfaces.ToArray());
    }

    [Fact]
    public void A_reset_does_not_make_another_device_of_it()
    {
        var device = new FakeDevice("1-1.4", 7);
        _sysfs.Plug(device);
        _sysfs.SetDriver(device, "usbip-host");
        var before = _devices.Read(Id, null);
        _sysfs.Unconfigure(device);
        Assert.Equal(before, _devices.Read(Id, before));
    }

    [Fact]
    public void The_number_0_that_a_device_has_during_a_reset_is_not_believed()
    {
        var device = new FakeDevice("1-1.4", 7);
        _sysfs.Plug(device);
        var before = _devices.Read(Id, null);
        _sysfs.Write($"{FakeSysfs.Devices}/1-1.4/devnum", "0\n");
        Assert.Equal(before, _devices.Read(Id, before));
        Assert.Null(_devices.Read(Id, null));
    }

    [Fact]
    public void Another_driver_forgets_the_configuration()
    {
        var device = new FakeDevice("1-1.4", 7);
        _sysfs.Plug(device);
        var before = _devices.Read(Id, null);
        _sysfs.Unconfigure(device);
        _sysfs.SetDriver(device, "usbip-host");
        Assert.Equal(0, _devices.Read(Id, before)!.Device.Record.ConfigurationValue);
    }

    [Fact]
    public void Another_device_number_is_another_device()
    {
        var first = new FakeDevice("1-1.4", 7) { Serial = "A" };
        _sysfs.Plug(first);
        var before = _devices.Read(Id, null);
        _sysfs.Unplug(first);
        _sysfs.Plug(new FakeDevice("1-1.4", 8) { Serial = "B" });
        Assert.Equal("B", _devices.Read(Id, before)!.Device.Serial);
    }

    [Fact]
    public void A_device_can_have_no_interfaces_and_no_descriptors()
    {
        _sysfs.Plug(new FakeDevice("1-1.4", 7) { Interfaces = [] });
        _sysfs.Delete($"{FakeSysfs.Devices}/1-1.4/descriptors");
        Assert.Empty(Read()!.Interfaces);
    }

    private LocalDevice? Read() => _devices.Read(Id, previous: null)?.Device;
}
