using UsbIpCluster.Devices;
using UsbIpCluster.Linux.Tests.Fakes;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

/// <summary>Tests of the kernel's exporter with one disk plugged in.</summary>
public abstract class UsbIpHostSpec : IAsyncLifetime
{
    private protected static readonly FakeDevice Disk = new("1-1", 5);
    private protected static readonly BusId Id = BusId.Parse("1-1");

    protected UsbIpHostSpec()
    {
        var uevents = new FakeUevents(TimeProvider.System);
        Kernel = new FakeUsbIpHost(Sysfs, uevents);
        Sysfs.AddUsbIpHost();
        Kernel.Plug(Disk);
        var files = new Sysfs(Sysfs.Root, Kernel);
        Exporter = new UsbIpHostExporter(
            files, new KernelModules(files, modprobe: null), uevents, SessionSocketOptions.Default, TimeProvider.System, _ => { });
    }

    private protected FakeSysfs Sysfs { get; } = new();

    private protected FakeUsbIpHost Kernel { get; }

    private protected UsbIpHostExporter Exporter { get; }

    public Task InitializeAsync() => Task.CompletedTask;

    public virtual async Task DisposeAsync()
    {
        await Exporter.DisposeAsync();
        Kernel.Dispose();
        Sysfs.Dispose();
    }
}
