using UsbIpCluster.Control;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Doctor.Tests;

/// <summary>All checks together, on this machine and on one whose files are not there.</summary>
public sealed class MachineChecksTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("usbipc-doctor-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void On_a_machine_without_any_file_every_check_still_says_something()
    {
        var rows = MachineChecks.Run(new Sysfs(_folder.FullName), Samples.Settings with { State = Path.Combine(_folder.FullName, "none") }, null, Samples.Now);
        Assert.All(rows, row => Samples.ResultOf(row));
        Assert.Equal(
            ["kernel.module", "kernel.uevents", "rights.process", "rights.group", "usbip.listener", "state.folder", "settings.insecure"],
            rows.Select(row => row.Check).Distinct());
    }

    [Fact]
    public void On_this_machine_a_daemon_with_simulated_devices_is_well_but_for_what_is_insecure()
    {
        File.SetUnixFileMode(_folder.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.WriteAllText(Path.Combine(_folder.FullName, "attachments.json.broken"), "");
        var settings = Samples.Settings with
        {
            State = _folder.FullName,
            Control = Path.Combine(_folder.FullName, "control.sock"),
            ExportsByKernel = false,
            AttachesByKernel = false,
        };
        var rows = MachineChecks.Run(new Sysfs(), settings, Samples.Daemon with { AttachesByKernel = false }, DateTimeOffset.UtcNow);
        Assert.DoesNotContain(rows, row => Samples.ResultOf(row) == DoctorResults.Error);
        Assert.EndsWith("attachments.json.broken", Assert.Single(rows, row => row.Check == DoctorChecks.Broken).Target);
        Assert.Equal("ok", Assert.Single(rows, row => row.Check == DoctorChecks.Space).Result);
    }
}
