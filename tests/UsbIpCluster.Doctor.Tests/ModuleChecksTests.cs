using UsbIpCluster.Linux;

namespace UsbIpCluster.Doctor.Tests;

public sealed class ModuleChecksTests
{
    private const string Release = "6.1.0-56-amd64";

    [Theory]
    [InlineData(ModulePresence.Loaded, true, "ok", "is loaded")]
    [InlineData(ModulePresence.Loaded, false, "ok", "is loaded")]
    [InlineData(ModulePresence.Loadable, true, "error", "exporting devices is off")]
    [InlineData(ModulePresence.Loadable, false, "warning", "usbipcd tries to load it when it starts")]
    [InlineData(ModulePresence.SwitchedOff, true, "error", "exporting devices is off")]
    [InlineData(ModulePresence.Absent, true, "error", Release)]
    [InlineData(ModulePresence.Absent, false, "error", Release)]
    [InlineData(ModulePresence.Unknown, true, "error", "can't be seen from here")]
    public void A_module_that_a_role_needs(ModulePresence presence, bool isDaemon, string result, string says)
    {
        var row = ModuleChecks.Exporting(Samples.Settings, new ModuleFinding(presence, Release, "/etc/modprobe.d/x.conf"), isDaemon ? Samples.Daemon : null);
        Assert.Equal((result, "kernel.module", "usbip-host"), (Samples.ResultOf(row), row.Check, row.Target));
        Assert.Contains(says, row.What);
    }

    [Fact]
    public void One_that_can_be_loaded_says_how_now_and_for_every_boot()
    {
        var row = ModuleChecks.Attaching(Samples.Settings, new ModuleFinding(ModulePresence.Loadable, Release), Samples.Daemon with { AttachesByKernel = false });
        Assert.Equal(
            ("error", "modprobe vhci-hcd, then systemctl restart usbipcd; for every boot: echo vhci-hcd > /etc/modules-load.d/vhci-hcd.conf"),
            (Samples.ResultOf(row), row.Hint));
    }

    [Fact]
    public void One_that_this_kernel_lacks_names_the_Debian_package() =>
        Assert.Contains(
            "apt install linux-image-",
            ModuleChecks.Attaching(Samples.Settings, new ModuleFinding(ModulePresence.Absent, Release), Samples.Daemon).Hint);

    [Theory]
    [InlineData("/etc/modprobe.d/x.conf", "/etc/modprobe.d/x.conf")]
    [InlineData("/proc/sys/kernel/modules_disabled", "reboot")]
    public void One_that_is_switched_off_says_by_what(string by, string hint) => Assert.Contains(
        hint, ModuleChecks.Exporting(Samples.Settings, new ModuleFinding(ModulePresence.SwitchedOff, Release, by), Samples.Daemon).Hint);

    [Fact]
    public void One_that_was_loaded_after_the_daemon_started_needs_a_restart()
    {
        var row = ModuleChecks.Attaching(Samples.Settings, new ModuleFinding(ModulePresence.Loaded, Release), Samples.Daemon with { AttachesByKernel = false });
        Assert.Equal(("error", true), (Samples.ResultOf(row), row.Hint!.StartsWith("systemctl restart usbipcd", StringComparison.Ordinal)));
    }

    [Fact]
    public void One_that_no_role_needs_is_well_however_it_is()
    {
        var settings = Samples.Settings with { ExportsByKernel = false, AttachesByKernel = false };
        var absent = new ModuleFinding(ModulePresence.Absent, Release);
        Assert.Equal("ok", Samples.ResultOf(ModuleChecks.Exporting(settings, absent, Samples.Daemon)));
        Assert.Equal("ok", Samples.ResultOf(ModuleChecks.Attaching(settings, absent, Samples.Daemon with { AttachesByKernel = false })));
    }

    [Theory]
    [InlineData(ModulePresence.Loaded, "ok")]
    [InlineData(ModulePresence.Loadable, "ok")]
    [InlineData(ModulePresence.Unknown, "ok")]
    [InlineData(ModulePresence.SwitchedOff, "warning")]
    [InlineData(ModulePresence.Absent, "warning")]
    public void Tls_is_never_an_error(ModulePresence presence, string result) =>
        Assert.Equal(result, Samples.ResultOf(ModuleChecks.Encrypting("lab1", new ModuleFinding(presence, Release, "/etc/modprobe.d/x.conf"))));
}
