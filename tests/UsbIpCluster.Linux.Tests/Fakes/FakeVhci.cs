using System.Net.Sockets;
using System.Text;

namespace UsbIpCluster.Linux.Tests.Fakes;

/// <summary>
/// What vhci_hcd does when its files are written, on a <see cref="FakeSysfs"/>: two controllers of two ports for each speed. What takes
/// the kernel its time (enumeration, the end of a session) is done when the test says so.
/// </summary>
public sealed class FakeVhci : IAttributeWriter, IDisposable
{
    private const int NoEntry = 2;
    private const int Busy = 16;
    private const int InvalidArgument = 22;
    private const int PortsPerHub = 2;
    private const int Controllers = 2;
    private const int FirstBus = 9;

    private readonly Lock _gate = new();
    private readonly FakeSysfs _sysfs;
    private readonly FakeUevents _uevents;
    private readonly Port?[] _ports = new Port?[Controllers * 2 * PortsPerHub];
    private readonly List<string> _writes = [];

    public FakeVhci(FakeSysfs sysfs, FakeUevents uevents)
    {
        _sysfs = sysfs;
        _uevents = uevents;
        sysfs.Write($"{FakeSysfs.Vhci}/nports", $"{_ports.Length}\n");
        sysfs.Write($"{FakeSysfs.Vhci}/attach", "");
        sysfs.Write($"{FakeSysfs.Vhci}/detach", "");
        for (var controller = 0; controller < Controllers; controller++)
        {
            sysfs.Write($"{Platform(controller)}/usb{FirstBus + (2 * controller)}/speed", "480\n");
            sysfs.Write($"{Platform(controller)}/usb{FirstBus + (2 * controller) + 1}/speed", "5000\n");
        }

        ShowAll();
    }

    /// <summary>Every write so far, as <c>file: value</c>.</summary>
    public IReadOnlyList<string> Writes
    {
        get
        {
            lock (_gate)
                return [.. _writes];
        }
    }

    /// <summary>Called with each write before it is carried out.</summary>
    public Action<string> OnWrite { get; set; } = _ => { };

    /// <summary>Whether <c>detach</c> frees the port at once; otherwise the test calls <see cref="Lose"/>.</summary>
    public bool DetachesAtOnce { get; set; } = true;

    /// <summary>The kernel's side of a session.</summary>
    public Socket SessionOf(int port)
    {
        lock (_gate)
            return _ports[port]!.Session!;
    }

    /// <summary>Another process attaches here.</summary>
    public void Take(int port) => Set(port, new Port("005", 0, "0-0", null));

    /// <summary>Gives the device an address and makes it known, up to the end of its configuration.</summary>
    public FakeDevice Enumerate(int port, uint devid, string localBusId)
    {
        var device = Address(port, devid, localBusId);
        Configure(device);
        return device;
    }

    /// <summary>Gives the device an address: status 6.</summary>
    public FakeDevice Address(int port, uint devid, string localBusId)
    {
        Set(port, new Port("006", devid, localBusId, _ports[port]?.Session));
        var bus = int.Parse(localBusId.Split('-')[0]);
        return new FakeDevice(localBusId, 2) { Bus = $"platform/vhci_hcd.{ControllerOf(port)}/usb{bus}", Busnum = bus };
    }

    /// <summary>What the device at a port is called: buses 9 (high speed) and 10 are the first controller's, 11 and 12 the second's.</summary>
    public static string LocalBusIdOf(int port) => $"{FirstBus + (port / PortsPerHub)}-{(port % PortsPerHub) + 1}";

    public void Configure(FakeDevice device)
    {
        _sysfs.Plug(device);
        _uevents.Raise("add", FakeSysfs.DevPathOf(device));
        _uevents.Raise("bind", FakeSysfs.DevPathOf(device));
    }

    /// <summary>The session ends as the kernel does it: first a child's remove, then the port is free, then the device's own remove.</summary>
    public void Lose(int port, FakeDevice device)
    {
        _uevents.Raise("remove", $"{FakeSysfs.DevPathOf(device)}/{device.BusId}:1.0", "usb_interface");
        Free(port);
        _sysfs.Unplug(device);
        _uevents.Raise("remove", FakeSysfs.DevPathOf(device));
    }

    /// <summary>The port is free, without any uevent; its device is there until it is unplugged.</summary>
    public void Free(int port)
    {
        lock (_gate)
            _ports[port]?.Session?.Dispose();
        Set(port, null);
    }

    public int Write(string path, ReadOnlySpan<byte> value)
    {
        var text = Encoding.ASCII.GetString(value);
        OnWrite(text);
        lock (_gate)
        {
            _writes.Add($"{Path.GetFileName(path)}: {text}");
            return !File.Exists(path) ? NoEntry : Path.GetFileName(path) switch
            {
                "attach" => Attach(text.Split(' ')),
                "detach" => Detach(int.Parse(text)),
                _ => InvalidArgument,
            };
        }
    }

    public void Dispose()
    {
        foreach (var port in _ports)
            port?.Session?.Dispose();
    }

    private int Attach(string[] words)
    {
        // The speed picks the hub, whatever port is named; so a port of the other hub would be a mistake.
        var (port, fd, speed) = (int.Parse(words[0]), int.Parse(words[1]), int.Parse(words[3]));
        if (port >= _ports.Length || IsSuper(port) != (speed == 5) || speed is < 1 or > 5)
            return InvalidArgument;
        if (_ports[port] is not null)
            return Busy;
        if (TestCalls.Hold(fd) is not { } session)
            return InvalidArgument;
        _ports[port] = new Port("005", 0, "0-0", session);
        ShowAll();
        return 0;
    }

    private int Detach(int port)
    {
        if (port >= _ports.Length || _ports[port] is not { } used)
            return InvalidArgument;
        if (!DetachesAtOnce)
            return 0;
        used.Session?.Dispose();
        _ports[port] = null;
        ShowAll();
        return 0;
    }

    private void Set(int port, Port? value)
    {
        lock (_gate)
        {
            _ports[port] = value;
            ShowAll();
        }
    }

    private static string Platform(int controller) => $"/sys/devices/platform/vhci_hcd.{controller}";

    private static int ControllerOf(int port) => port / (2 * PortsPerHub);

    private static bool IsSuper(int port) => port % (2 * PortsPerHub) >= PortsPerHub;

    private void ShowAll()
    {
        for (var controller = 0; controller < Controllers; controller++)
        {
            var text = new StringBuilder("hub port sta spd dev      sockfd local_busid\n");
            for (var port = controller * 2 * PortsPerHub; port < (controller + 1) * 2 * PortsPerHub; port++)
            {
                var line = _ports[port] ?? new Port("004", 0, "0-0", null);
                text.Append($"{(IsSuper(port) ? "ss" : "hs")}  {port:d4} {line.State} 003 {line.DeviceId:x8} 000003 {line.BusId}\n");
            }

            _sysfs.Write($"{FakeSysfs.Vhci}/status{(controller == 0 ? "" : $".{controller}")}", text.ToString());
        }
    }

    private sealed record Port(string State, uint DeviceId, string BusId, Socket? Session);
}
