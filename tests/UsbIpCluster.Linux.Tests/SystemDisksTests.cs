using System.Diagnostics;
using UsbIpCluster.Linux.Tests.Fakes;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

/// <summary>Which devices hold the file systems that the host runs from.</summary>
public sealed class SystemDisksTests : IDisposable
{
    private const string Virtual = "/sys/devices/virtual/block";
    private static readonly FakeDevice Disk = new("1-1.4", 7);
    private static readonly FakeDevice Other = new("1-1", 3);
    private static readonly string Sda = $"/sys{FakeSysfs.DevPathOf(Disk)}/1-1.4:1.0/host0/target0:0:0/0:0:0:0/block/sda";
    private static readonly string Sdb = $"/sys{FakeSysfs.DevPathOf(Other)}/1-1:1.0/host1/target1:0:0/1:0:0:0/block/sdb";

    private readonly FakeSysfs _sysfs = new();
    private readonly SysfsDevices _devices;

    public SystemDisksTests()
    {
        _devices = new SysfsDevices(new Sysfs(_sysfs.Root));
        _sysfs.Plug(Disk);
        _sysfs.Plug(Other);
        _sysfs.AddBlock(Sda, "8:0");
        _sysfs.AddBlock(Sda + "/sda1", "8:1");
        _sysfs.Write(Sda + "/sda1/partition", "1\n");
        _sysfs.AddBlock(Sdb, "8:16");
    }

    public void Dispose() => _sysfs.Dispose();

    [Theory]
    [InlineData("/")]
    [InlineData("/boot")]
    [InlineData("/boot/efi")]
    [InlineData("/usr")]
    [InlineData("/var")]
    public void A_device_holds_the_system_when_a_file_system_of_it_is_on_its_disk(string mountPoint)
    {
        _sysfs.Mount("0:22 /sys sysfs", $"8:1 {mountPoint} /dev/sda1");
        Assert.Equal((true, false), Read());
    }

    [Theory]
    [InlineData("8:1 /media/stick /dev/sda1")]
    [InlineData("8:1 /var/lib /dev/sda1")]
    [InlineData("8:1 /home /dev/sda1")]
    [InlineData("8:2 / /dev/sda2")]
    [InlineData("254:0 / /dev/vda")]
    [InlineData("0:30 / overlay")]
    [InlineData("0:30 / /dev/sdz")]
    [InlineData("0:30 / /dev/")]
    [InlineData("../../../devices/x:1 / /dev/sda1")]
    public void Another_mount_makes_no_device_hold_the_system(string mount)
    {
        _sysfs.Mount(mount);
        Assert.Equal((false, false), Read());
    }

    [Fact]
    public void Without_a_list_of_mounts_no_device_does() => Assert.Equal((false, false), Read());

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("22 1 8:1 / /")]
    [InlineData("nonsense")]
    [InlineData("22 1 0:30 / / rw - btrfs")]
    [InlineData("22 1 0:30 / / rw btrfs /dev/sda1 rw")]
    public void A_list_of_mounts_that_can_not_be_understood_is_no_error(string text)
    {
        _sysfs.Write("/proc/self/mountinfo", text);
        Assert.Equal(text.Contains("8:1", StringComparison.Ordinal), Read().Disk);
    }

    [Fact]
    public void A_mapped_device_is_followed_to_its_disks()
    {
        _sysfs.AddBlock($"{Virtual}/dm-1", "252:1");
        _sysfs.AddBlock($"{Virtual}/dm-0", "252:0");
        _sysfs.Link($"{Virtual}/dm-1/slaves/dm-0", $"{Virtual}/dm-0");
        _sysfs.Link($"{Virtual}/dm-0/slaves/sda1", Sda + "/sda1");
        _sysfs.Mount("252:1 / /dev/mapper/root");
        Assert.Equal((true, false), Read());
    }

    [Fact]
    public void A_partition_of_an_array_is_on_every_disk_of_the_array()
    {
        _sysfs.AddBlock($"{Virtual}/md0", "9:0");
        _sysfs.AddBlock($"{Virtual}/md0/md0p1", "259:0");
        _sysfs.Write($"{Virtual}/md0/md0p1/partition", "1\n");
        _sysfs.Link($"{Virtual}/md0/slaves/sda1", Sda + "/sda1");
        _sysfs.Link($"{Virtual}/md0/slaves/sdb", Sdb);
        _sysfs.Mount("259:0 /boot /dev/md0p1");
        Assert.Equal((true, true), Read());
    }

    [Fact]
    public void A_file_system_without_a_number_of_its_own_is_found_by_its_source_and_with_all_its_disks()
    {
        _sysfs.AddBlock($"{Virtual}/dm-0", "252:0");
        _sysfs.Link($"{Virtual}/dm-0/slaves/sda1", Sda + "/sda1");
        _sysfs.Write("/dev/dm-0", "");
        _sysfs.Link("/dev/mapper/root", "/dev/dm-0");
        _sysfs.Mount("0:30 / /dev/mapper/root");
        Assert.Equal((true, false), Read());

        _sysfs.Link("/sys/fs/btrfs/a5f1/devices/dm-0", $"{Virtual}/dm-0");
        _sysfs.Link("/sys/fs/btrfs/a5f1/devices/sdb", Sdb);
        Assert.Equal((true, true), Read());
    }

    [Fact]
    public void Disks_that_are_built_of_each_other_are_followed_once()
    {
        for (var i = 0; i < 400; i++)
            _sysfs.AddBlock($"{Virtual}/dm-{i}", $"252:{i}");
        for (var i = 0; i < 400; i++)
        {
            _sysfs.Link($"{Virtual}/dm-{i}/slaves/dm-{(i + 1) % 400}", $"{Virtual}/dm-{(i + 1) % 400}");
            _sysfs.Link($"{Virtual}/dm-{i}/slaves/dm-0x", $"{Virtual}/dm-0");
        }

        _sysfs.Link($"{Virtual}/dm-3/slaves/sda", Sda);
        _sysfs.Mount("252:0 / /dev/dm-0");
        var start = Stopwatch.GetTimestamp();
        Assert.Equal((true, false), Read());
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_hub_holds_the_system_when_a_device_behind_it_does()
    {
        var behind = new FakeDevice("1-2.1", 9) { Bus = "pci0000:00/0000:00:14.0/usb1/1-2" };
        var hub = new FakeDevice("1-2", 8) { Class = "09" };
        _sysfs.Plug(hub);
        _sysfs.Plug(behind);
        _sysfs.AddBlock($"/sys{FakeSysfs.DevPathOf(behind)}/1-2.1:1.0/host2/block/sdc", "8:32");
        _sysfs.Mount("8:32 / /dev/sdc");
        Assert.Equal((false, false), Read());
        Assert.True(HoldsSystem("1-2"));
        Assert.True(HoldsSystem("1-2.1"));
    }

    [Fact]
    public void A_device_whose_name_begins_alike_is_another_one()
    {
        _sysfs.Plug(new FakeDevice("1-1.4.1", 11));
        _sysfs.Plug(new FakeDevice("1-1.40", 10));
        _sysfs.AddBlock("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1.40/1-1.40:1.0/host3/block/sdd", "8:48");
        _sysfs.Mount("8:48 / /dev/sdd");
        Assert.Equal((false, false), Read());
        Assert.True(HoldsSystem("1-1.40"));
    }

    [Fact]
    public void A_disk_that_drops_off_while_it_is_mounted_is_still_no_device_for_others()
    {
        _sysfs.Mount("8:1 / /dev/sda1");
        Assert.True(Read().Disk);
        _sysfs.RemoveBlock(Sda + "/sda1", "8:1");
        Assert.True(Read().Disk);
        _sysfs.Unplug(Disk);
        _sysfs.Plug(Disk with { Devnum = 8 });
        Assert.True(Read().Disk);
        _sysfs.Mount("254:0 / /dev/vda");
        Assert.False(Read().Disk);
    }

    [Fact]
    public void What_is_mounted_is_read_when_that_is_asked_for_and_not_with_each_device()
    {
        Assert.False(Read().Disk);
        _sysfs.Mount("8:1 / /dev/sda1");
        Assert.False(HoldsSystem("1-1.4"));
        Assert.True(Read().Disk);
    }

    [Fact]
    public void The_machine_that_runs_this_can_be_read()
    {
        var devices = new SysfsDevices(new Sysfs());
        devices.ReadSystemDisks();
        Assert.NotEmpty(new Sysfs().Lines("/proc/self/mountinfo", 1));
        Assert.Empty(new Sysfs().Lines("/proc/self/no-such-file", 1));
    }

    private (bool Disk, bool Other) Read()
    {
        _devices.ReadSystemDisks();
        return (HoldsSystem("1-1.4"), HoldsSystem("1-1"));
    }

    private bool HoldsSystem(string busId) => _devices.Read(BusId.Parse(busId), previous: null)!.Device.HoldsSystem;
}
