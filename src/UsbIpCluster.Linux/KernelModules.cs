using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Linux;

/// <summary>A module of the kernel, and the directory that is there while it is loaded (or built in).</summary>
/// <param name="Name">As modprobe takes it.</param>
/// <param name="Directory">Below the root of <see cref="Sysfs"/>.</param>
public sealed record KernelModule(string Name, string Directory)
{
    /// <summary>The exporter's driver.</summary>
    public static KernelModule UsbIpHost { get; } = new("usbip-host", "/sys/bus/usb/drivers/usbip-host");

    /// <summary>The importer's host controller.</summary>
    public static KernelModule VhciHcd { get; } = new("vhci-hcd", "/sys/devices/platform/vhci_hcd.0");

    /// <summary>TLS in the kernel, for sessions that are encrypted.</summary>
    public static KernelModule Tls { get; } = new("tls", "/sys/module/tls");
}

/// <summary>Whether the modules are there; loads what is missing, trying once for each.</summary>
public sealed class KernelModules
{
    private static readonly TimeSpan LoadTimeout = TimeSpan.FromSeconds(5);

    private readonly Sysfs _sysfs;
    private readonly string? _modprobe;
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _attempts = new(StringComparer.Ordinal);

    /// <summary>The modules of the kernel whose files these are.</summary>
    /// <param name="sysfs">The kernel's files.</param>
    /// <param name="modprobe">The program that loads one, called as <c>modprobe NAME</c>; null where nothing may be loaded.</param>
    public KernelModules(Sysfs sysfs, string? modprobe = "/sbin/modprobe")
    {
        _sysfs = sysfs;
        _modprobe = modprobe;
    }

    /// <summary>Whether the module is loaded.</summary>
    public bool IsLoaded(KernelModule module) => _sysfs.Exists(module.Directory);

    /// <summary>Completes when the module is loaded; tries to load it, at most once in the life of this object.</summary>
    /// <exception cref="DeviceException">ModuleMissing: it could not be loaded, and why.</exception>
    public async Task EnsureAsync(KernelModule module, CancellationToken cancellationToken)
    {
        if (IsLoaded(module))
            return;
        var attempt = _attempts.GetOrAdd(module.Name, name => new Lazy<Task<string>>(() => LoadAsync(name)));
        var outcome = await attempt.Value.WaitAsync(cancellationToken);
        if (!IsLoaded(module))
            throw Missing(module, outcome);
    }

    /// <summary>The error for a module that is not loaded.</summary>
    internal static DeviceException Missing(KernelModule module, string? reason = null) => new(
        DeviceError.ModuleMissing,
        $"the kernel module {module.Name} is not loaded" + (reason is null ? "" : $" ({reason})"),
        $"modprobe {module.Name}");

    /// <summary>Runs modprobe, and says how that ended.</summary>
    private async Task<string> LoadAsync(string name)
    {
        if (_modprobe is null)
            return "loading modules is switched off";
        using var timeout = new CancellationTokenSource(LoadTimeout);
        Process? process = null;
        try
        {
            process = Process.Start(new ProcessStartInfo(_modprobe, [name])
            {
                UseShellExecute = false,
                RedirectStandardError = true,
            })!;
            var error = await process.StandardError.ReadToEndAsync(timeout.Token);
            await process.WaitForExitAsync(timeout.Token);
            return process.ExitCode == 0
                ? $"{_modprobe} {name} succeeded, and yet it is not there"
                : $"{_modprobe} {name} ended with {process.ExitCode}: {LastLine(error)}";
        }
        catch (OperationCanceledException)
        {
            process!.Kill(entireProcessTree: true);
            return $"{_modprobe} {name} did not end within {LoadTimeout.TotalSeconds} s";
        }
        catch (Exception exception) when (exception is Win32Exception or IOException)
        {
            return $"{_modprobe} could not be run: {exception.Message}";
        }
        finally
        {
            process?.Dispose();
        }
    }

    // modprobe says what came of it last.
    private static string LastLine(string error) =>
        Text.Printable(error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "no reason");
}
