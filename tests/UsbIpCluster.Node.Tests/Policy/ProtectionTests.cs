using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

public sealed class ProtectionTests
{
    private static readonly LocalDevice Disk = Samples.Local("1-1", ExportStatus.Unbound);

    [Fact]
    public void A_disk_is_not_protected() => Assert.Null(Protection.Of(Disk));

    [Fact]
    public void The_disk_of_the_system_is() =>
        Assert.Equal("it holds a file system that this host runs from", Protection.Of(Disk with { HoldsSystem = true }));

    [Fact]
    public void A_hub_is_by_its_own_class_and_by_an_interface()
    {
        Assert.Equal("it is a hub", Protection.Of(Disk with { Record = Disk.Record with { DeviceClass = new UsbClass(9, 0, 1) } }));
        Assert.Equal("it is a hub", Protection.Of(Disk with { Interfaces = [new UsbClass(3, 0, 0), new UsbClass(9, 0, 0)] }));
    }

    [Theory]
    [InlineData(3, 1, 1, "it is a keyboard of this host")]
    [InlineData(3, 1, 2, "it is a mouse of this host")]
    [InlineData(3, 1, 0, null)]
    [InlineData(3, 0, 1, null)]
    [InlineData(8, 1, 1, null)]
    public void The_keyboard_and_mouse_of_a_seat_are(byte usbClass, byte subClass, byte protocol, string? expected) =>
        Assert.Equal(expected, Protection.Of(Disk with { Interfaces = [new UsbClass(8, 6, 80), new UsbClass(usbClass, subClass, protocol)] }));

    [Fact]
    public void A_device_that_begins_to_hold_the_system_is_a_change() => Assert.NotEqual(Disk, Disk with { HoldsSystem = true });
}
