using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux;
using UsbIpCluster.Userspace;

namespace UsbIpCluster.Node;

/// <summary>
/// The exporters and the host controller of a node. What the machine does not allow (a module is missing, no rights) is off, with a
/// warning that says what to do; the rest works.
/// </summary>
internal sealed class Backends : IAsyncDisposable
{
    private readonly List<IDisposable> _owned = [];

    private Backends()
    {
    }

    /// <summary>What can be exported from.</summary>
    public ImmutableArray<IDeviceExporter> Exporters { get; private set; } = [];

    /// <summary>Where devices are attached; null when they can't be.</summary>
    public IHostController? HostController { get; private set; }

    /// <summary>Starts what the options ask for.</summary>
    public static async Task<Backends> StartAsync(NodeOptions options, ILogger log)
    {
        var backends = new Backends();
        var kernel = new Lazy<Kernel>(() => backends.StartKernel(log));
        var exporters = ImmutableArray.CreateBuilder<IDeviceExporter>();
        foreach (var kind in options.Exporters)
        {
            switch (kind)
            {
                case ExporterKind.Simulated:
                    exporters.Add(Simulate(log, options.Node));
                    break;
                case ExporterKind.Kernel:
                    // Without the module the devices are still there to be listed; binding one tries to load it again, and says why not.
                    await HasAsync(kernel.Value, KernelModule.UsbIpHost, "exporting devices", log);
                    exporters.Add(new UsbIpHostExporter(
                        kernel.Value.Sysfs, kernel.Value.Modules, kernel.Value.Uevents, options.KeepAlive, TimeProvider.System, Line(log)));
                    break;
            }
        }

        backends.Exporters = exporters.ToImmutable();
        backends.HostController = options.HostController switch
        {
            HostControllerKind.Simulated => new SimulatedHostController(log: Line(log)),
            HostControllerKind.Kernel when await HasAsync(kernel.Value, KernelModule.VhciHcd, "attaching devices", log) =>
                new VhciHostController(kernel.Value.Sysfs, kernel.Value.Modules, kernel.Value.Uevents, TimeProvider.System, Line(log)),
            _ => null,
        };
        return backends;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var exporter in Exporters)
            await exporter.DisposeAsync();
        if (HostController is not null)
            await HostController.DisposeAsync();
        foreach (var owned in _owned)
            owned.Dispose();
    }

    private Kernel StartKernel(ILogger log)
    {
        var sysfs = new Sysfs();
        var uevents = new UeventSocket(TimeProvider.System, Line(log));
        _owned.Add(uevents);
        return new Kernel(sysfs, new KernelModules(sysfs), uevents);
    }

    private static SimulatedExporter Simulate(ILogger log, NodeName node) =>
        new([new SimulatedSerial($"{node.Value.ToUpperInvariant()}-0001")], log: Line(log));

    private static async Task<bool> HasAsync(Kernel kernel, KernelModule module, string role, ILogger log)
    {
        try
        {
            await kernel.Modules.EnsureAsync(module, CancellationToken.None);
            return true;
        }
        catch (DeviceException error)
        {
            log.LogWarning("{Role} is off: {Error}; {Hint}", role, error.Message, error.Hint ?? "see dmesg");
            return false;
        }
    }

    private static Action<string> Line(ILogger log) => line => log.LogInformation("{Line}", line);

    private sealed record Kernel(Sysfs Sysfs, KernelModules Modules, UeventSocket Uevents);
}
