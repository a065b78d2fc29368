using System.Diagnostics;

namespace UsbIpCluster.Node.Tests;

/// <summary>The units in <c>config/systemd</c>, as systemd reads them.</summary>
public sealed class ServiceUnitTests : IDisposable
{
    // In tenths of systemd's exposure level, which is 9.6 for a service that runs as root and says nothing.
    private const int MostExposure = 24;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("usbipcluster-units-");

    public void Dispose() => _folder.Delete(recursive: true);

    [SystemdFact]
    public void Systemd_understands_every_line()
    {
        // What it is to start is asked for, too, and is not installed here.
        var unit = Path.Combine(_folder.FullName, "usbipcd.service");
        File.WriteAllText(unit, File.ReadAllText(Shipped()).Replace("/usr/sbin/usbipcd", "/bin/true", StringComparison.Ordinal));
        Assert.Equal((0, ""), Ask("verify", "--man=no", "--recursive-errors=one", unit));
    }

    [SystemdFact]
    public void Systemd_finds_the_daemon_no_more_exposed_than_it_has_to_be()
    {
        var (code, said) = Ask("security", "--no-pager", "--offline=true", $"--threshold={MostExposure}", Shipped());
        Assert.True(code == 0, said);
    }

    private static string Shipped() => Path.Combine(ShippedConfigurationTests.FindFolder(), "systemd", "usbipcd.service");

    private static (int Code, string Said) Ask(params string[] arguments)
    {
        using var asked = Process.Start(new ProcessStartInfo(SystemdFactAttribute.Tool, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = asked.StandardError.ReadToEndAsync();
        var said = asked.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
        asked.WaitForExit();
        return (asked.ExitCode, said);
    }
}
