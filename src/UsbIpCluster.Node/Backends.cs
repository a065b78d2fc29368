using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using UsbIpCluster.Control;
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
    private readonly List<Func<ProblemRow?>> _roles = [];

    private Backends()
    {
    }

    /// <summary>What can be exported from.</summary>
    public ImmutableArray<IDeviceExporter> Exporters { get; private set; } = [];

    /// <summary>Where devices are attached; null when they can't be.</summary>
    public IHostController? HostController { get; private set; }

    /// <summary>What the options ask for and the machine does not allow, now.</summary>
    public IEnumerable<ProblemRow> Missing => _roles.Select(role => role()).OfType<ProblemRow>();

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
                    exporters.Add(Simulate(log, options.Node, options.SimulatedDevices));
                    break;
                case ExporterKind.Kernel:
                    // Without the module the devices are still there to be listed; binding one tries to load it again, and says why not.
                    await backends.NeedAsync(kernel.Value, KernelModule.UsbIpHost, "exporting devices", works: () => true, log);
                    exporters.Add(new UsbIpHostExporter(
                        kernel.Value.Sysfs, kernel.Value.Modules, kernel.Value.Uevents, options.KeepAlive, TimeProvider.System, Line(log), new HardwareNames()));
                    break;
            }
        }

        backends.Exporters = exporters.ToImmutable();
        backends.HostController = options.HostController switch
        {
            HostControllerKind.Simulated => new SimulatedHostController(log: Line(log)),
            HostControllerKind.Kernel when await backends.NeedAsync(
                kernel.Value, KernelModule.VhciHcd, "attaching devices", works: () => backends.HostController is not null, log) =>
                new VhciHostController(kernel.Value.Sysfs, kernel.Value.Modules, kernel.Value.Uevents, TimeProvider.System, Line(log)),
            _ => null,
        };
        return backends;
    }

    /// <summary>Sessions that begin from now on notice a dead peer so.</summary>
    public void Take(SessionSocketOptions keepAlive)
    {
        foreach (var exporter in Exporters.OfType<UsbIpHostExporter>())
            exporter.SocketOptions = keepAlive;
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

    private static SimulatedExporter Simulate(ILogger log, NodeName node, int devices) => new(
        Enumerable.Range(1, devices).Select(number => new SimulatedSerial($"{node.Value.ToUpperInvariant()}-{number:0000}")), log: Line(log));

    private async Task<bool> NeedAsync(Kernel kernel, KernelModule module, string role, Func<bool> works, ILogger log)
    {
        _roles.Add(() => !kernel.Modules.IsLoaded(module)
            ? new ProblemRow($"{role} is off: the kernel module {module.Name} is not loaded", $"modprobe {module.Name}")
            : works() ? null
            : new ProblemRow($"{role} is off: {module.Name} was not loaded when the daemon started", "systemctl restart usbipcd"));
        try
        {
            await kernel.Modules.EnsureAsync(module, CancellationToken.None);
            return true;
        }
        catch (DeviceException error)
        {
            log.RoleOff(role, error.Message, error.Hint ?? "see dmesg");
            return false;
        }
    }

    private static Action<string> Line(ILogger log) => log.Backend;

    private sealed record Kernel(Sysfs Sysfs, KernelModules Modules, UeventSocket Uevents);
}
