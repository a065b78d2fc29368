using UsbIpCluster.Linux.Tests.Fakes;

namespace UsbIpCluster.Linux.Tests.Machine;

public sealed class ModuleFindingTests : IDisposable
{
    private const string Release = "6.1.0-56-amd64";
    private const string Folder = $"/lib/modules/{Release}";

    private readonly FakeSysfs _fake = new();

    public ModuleFindingTests()
    {
        _fake.Write("/proc/sys/kernel/osrelease", Release + "\n");
        _fake.Write("/proc/sys/kernel/modules_disabled", "0\n");
        _fake.Write(
            $"{Folder}/modules.dep",
            """
            kernel/drivers/usb/usbip/usbip-core.ko.xz: kernel/drivers/usb/core/usbcore.ko.xz
            kernel/drivers/usb/usbip/vhci-hcd.ko.xz: kernel/drivers/usb/usbip/usbip-core.ko.xz
            kernel/drivers/usb/usbip/usbip_host.ko: kernel/drivers/usb/usbip/usbip-core.ko.xz
            """);
        _fake.Write($"{Folder}/modules.builtin", "kernel/fs/ext4/ext4.ko\n");
    }

    public void Dispose() => _fake.Dispose();

    [Fact]
    public void One_whose_directory_is_there_is_loaded_whatever_else_is_known()
    {
        _fake.AddUsbIpHost();
        _fake.Delete($"{Folder}/modules.dep");
        Assert.Equal(new ModuleFinding(ModulePresence.Loaded, Release), Find(KernelModule.UsbIpHost));
    }

    [Fact]
    public void One_that_modprobe_knows_can_be_loaded_however_its_name_and_file_are_written()
    {
        Assert.Equal(ModulePresence.Loadable, Find(KernelModule.VhciHcd).Presence);
        Assert.Equal(ModulePresence.Loadable, Find(KernelModule.UsbIpHost).Presence);
    }

    [Theory]
    [InlineData("")]
    [InlineData("kernel/drivers/usb/usbip/xvhci-hcd.ko:\nkernel/vhci-hcd/other.ko: kernel/drivers/vhci-hcd.ko\n")]
    [InlineData("\0\0\0:::\n/\n:\n.ko\nvhci-hcd\nvhci-hcd.kox:\n")]
    public void One_that_no_line_is_about_is_missing_from_this_kernel(string lines)
    {
        _fake.Write($"{Folder}/modules.dep", lines);
        Assert.Equal(new ModuleFinding(ModulePresence.Absent, Release), Find(KernelModule.VhciHcd));
    }

    [Fact]
    public void One_that_is_built_in_is_loaded()
    {
        _fake.Write($"{Folder}/modules.builtin", "kernel/net/tls/tls.ko\n");
        Assert.Equal(ModulePresence.Loaded, Find(KernelModule.Tls).Presence);
    }

    [Fact]
    public void Tls_is_loaded_when_the_kernel_offers_it_for_TCP()
    {
        _fake.Write("/proc/sys/net/ipv4/tcp_available_ulp", "espintcp mptcp tls\n");
        Assert.Equal(ModulePresence.Loaded, Find(KernelModule.Tls).Presence);
        Assert.Equal(ModulePresence.Loadable, Find(KernelModule.VhciHcd).Presence);
    }

    [Theory]
    [InlineData("install vhci_hcd false", true)]
    [InlineData("  install\tvhci-hcd   /bin/true", true)]
    [InlineData("# install vhci_hcd false", false)]
    [InlineData("install vhci_hcd /sbin/modprobe --ignore-install vhci_hcd", false)]
    [InlineData("install vhci_hcd", false)]
    [InlineData("install other false", false)]
    [InlineData("blacklist vhci_hcd", false)]
    public void One_that_modprobe_is_told_not_to_load_names_the_file(string line, bool isOff)
    {
        _fake.Write("/etc/modprobe.d/bench.conf", $"\n{line}\n");
        _fake.Write("/etc/modprobe.d/notes.txt", "install vhci_hcd false\n");
        Assert.Equal(
            isOff ? new ModuleFinding(ModulePresence.SwitchedOff, Release, "/etc/modprobe.d/bench.conf") : new ModuleFinding(ModulePresence.Loadable, Release),
            Find(KernelModule.VhciHcd));
    }

    [Fact]
    public void Where_the_kernel_loads_no_modules_any_more_that_is_told()
    {
        _fake.Write("/proc/sys/kernel/modules_disabled", "1\n");
        Assert.Equal(
            new ModuleFinding(ModulePresence.SwitchedOff, Release, "/proc/sys/kernel/modules_disabled"), Find(KernelModule.VhciHcd));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("../../etc")]
    [InlineData("7.0.0")]
    public void Without_the_modules_of_the_running_kernel_nothing_is_known(string? release)
    {
        _fake.Delete("/proc/sys/kernel/osrelease");
        if (release is not null)
            _fake.Write("/proc/sys/kernel/osrelease", release);
        Assert.Equal(new ModuleFinding(ModulePresence.Unknown, release ?? ""), Find(KernelModule.VhciHcd));
    }

    private ModuleFinding Find(KernelModule module) => ModuleFinding.Of(new Sysfs(_fake.Root), module);
}
