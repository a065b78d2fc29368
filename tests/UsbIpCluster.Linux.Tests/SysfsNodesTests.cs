using UsbIpCluster.Devices;
using UsbIpCluster.Linux.Tests.Fakes;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

public sealed class SysfsNodesTests : IDisposable
{
    private const string UsbNode = "/dev/bus/usb/009/002";

    private readonly FakeSysfs _sysfs = new();
    private readonly FakeDevice _device = new("9-1", 2) { Bus = "platform/vhci_hcd.0/usb9", Busnum = 9, Interfaces = [default, default] };
    private readonly SysfsNodes _nodes;

    public SysfsNodesTests()
    {
        _sysfs.Plug(_device);
        _nodes = new SysfsNodes(new Sysfs(_sysfs.Root));
    }

    public void Dispose() => _sysfs.Dispose();

    [Fact]
    public void A_serial_port_is_its_tty_and_the_usb_device()
    {
        Add("1.0", "tty/ttyACM0", "tty", "166:0");
        Face("1.0", "02", "02");
        Face("1.1", "0a", "00");
        AssertNodes(NodesToCome.None, "/dev/ttyACM0", UsbNode);
    }

    [Fact]
    public void A_disk_comes_before_its_partitions_and_its_other_nodes()
    {
        Face("1.0", "08", "06");
        Add("1.0", "host2/target2:0:0/2:0:0:0/scsi_generic/sg0", "scsi_generic", "21:0");
        Add("1.0", "host2/target2:0:0/2:0:0:0/bsg/2:0:0:0", "bsg", "251:0", "bsg/2:0:0:0");
        AssertNodes(NodesToCome.Expected, "/dev/bsg/2:0:0:0", "/dev/sg0", UsbNode);
        Add("1.0", "host2/target2:0:0/2:0:0:0/block/sdb/sdb1", "block", "8:17");
        Add("1.0", "host2/target2:0:0/2:0:0:0/block/sdb/sdb10", "block", "8:26");
        Add("1.0", "host2/target2:0:0/2:0:0:0/block/sdb/sdb2", "block", "8:18");
        Add("1.0", "host2/target2:0:0/2:0:0:0/block/sdb", "block", "8:16");
        AssertNodes(
            NodesToCome.None, "/dev/sdb", "/dev/sdb1", "/dev/sdb2", "/dev/sdb10", "/dev/bsg/2:0:0:0", "/dev/sg0", UsbNode);
    }

    [Fact]
    public void Of_several_kinds_the_one_that_most_programs_want_is_first()
    {
        Add("1.0", "input/input5/event5", "input", "13:69", "input/event5");
        Add("1.0", "0003:0525:A4AC.0001/hidraw/hidraw0", "hidraw", "240:0");
        Add("1.1", "ttyUSB10/tty/ttyUSB10", "tty", "188:10");
        Add("1.1", "ttyUSB9/tty/ttyUSB9", "tty", "188:9");
        Assert.Equal(
            ["/dev/ttyUSB9", "/dev/ttyUSB10", "/dev/hidraw0", "/dev/input/event5", UsbNode],
            _nodes.Read(BusId.Parse("9-1")).Paths.ToArray());
    }

    [Fact]
    public void A_network_adapter_is_the_name_of_its_interface()
    {
        Face("1.0", "02", "06");
        _sysfs.Write($"{PathOf("1.0")}/net/usb0/ifindex", "4\n");
        AssertNodes(NodesToCome.None, "usb0", UsbNode);
    }

    [Theory]
    [InlineData("02", "02", NodesToCome.Expected)]
    [InlineData("03", "01", NodesToCome.Expected)]
    [InlineData("08", "06", NodesToCome.Expected)]
    [InlineData("0e", "01", NodesToCome.Expected)]
    [InlineData("0e", "02", NodesToCome.Possible)]
    [InlineData("ff", "00", NodesToCome.Possible)]
    public void More_is_to_come_where_the_class_promises_it(string faceClass, string subClass, NodesToCome toCome)
    {
        Face("1.0", faceClass, subClass);
        AssertNodes(toCome, UsbNode);
    }

    [Fact]
    public void A_node_is_there_when_dev_has_it_and_udev_has_given_it_away()
    {
        Face("1.0", "02", "02");
        Add("1.0", "tty/ttyACM0", "tty", "166:0");
        _sysfs.Delete("/dev/ttyACM0");
        AssertNodes(NodesToCome.Expected, "/dev/ttyACM0", UsbNode);
        _sysfs.Write("/dev/ttyACM0", "");
        AssertNodes(NodesToCome.None, "/dev/ttyACM0", UsbNode);
        _sysfs.Write("/run/udev/control", "");
        AssertNodes(NodesToCome.Expected, "/dev/ttyACM0", UsbNode);
        _sysfs.Write("/run/udev/data/c166:0", "");
        AssertNodes(NodesToCome.None, "/dev/ttyACM0", UsbNode);
    }

    [Fact]
    public void What_is_not_there_has_none() =>
        Assert.Equal(DeviceNodes.None, _nodes.Read(BusId.Parse("9-2")));

    [Fact]
    public void Links_lead_to_nothing_new()
    {
        Add("1.0", "tty/ttyACM0", "tty", "166:0");
        _sysfs.Link($"{PathOf("1.0")}/tty/ttyACM0/device", PathOf("1.0"));
        Assert.Equal(["/dev/ttyACM0", UsbNode], _nodes.Read(BusId.Parse("9-1")).Paths.ToArray());
    }

    private void AssertNodes(NodesToCome toCome, params string[] paths)
    {
        var nodes = _nodes.Read(BusId.Parse("9-1"));
        Assert.Equal(paths, nodes.Paths);
        Assert.Equal(toCome, nodes.ToCome);
    }

    private string PathOf(string face) => $"/sys{FakeSysfs.DevPathOf(_device)}/9-1:{face}";

    private void Face(string face, string faceClass, string subClass)
    {
        _sysfs.Write($"{PathOf(face)}/bInterfaceClass", faceClass + "\n");
        _sysfs.Write($"{PathOf(face)}/bInterfaceSubClass", subClass + "\n");
    }

    private void Add(string face, string path, string subsystem, string number, string? name = null)
    {
        var node = $"{PathOf(face)}/{path}";
        name ??= Path.GetFileName(path);
        _sysfs.Write($"{node}/dev", number + "\n");
        _sysfs.Write($"{node}/uevent", $"MAJOR={number.Split(':')[0]}\nMINOR={number.Split(':')[1]}\nDEVNAME={name}\n");
        _sysfs.CreateDirectory($"/sys/class/{subsystem}");
        _sysfs.Link($"{node}/subsystem", $"/sys/class/{subsystem}");
        _sysfs.Write($"/dev/{name}", "");
    }
}
