using System.Net.Sockets;
using System.Text;

namespace UsbIpCluster.Linux.Tests.Fakes;

/// <summary>
/// What the usb core and usbip-host do when their files are written, on a <see cref="FakeSysfs"/>. What takes the kernel its time (the
/// reset after a session) is done when the test says so.
/// </summary>
public sealed class FakeUsbIpHost(FakeSysfs sysfs, FakeUevents uevents) : IAttributeWriter, IDisposable
{
    private const int NoEntry = 2;
    private const int OutOfMemory = 12;
    private const int NoDevice = 19;
    private const int InvalidArgument = 22;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, FakeDevice> _devices = new(StringComparer.Ordinal);
    private readonly HashSet<string> _table = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Socket> _sessions = new(StringComparer.Ordinal);
    private readonly List<string> _writes = [];

    /// <summary>Every write so far, as <c>path: value</c>.</summary>
    public IReadOnlyList<string> Writes
    {
        get
        {
            lock (_gate)
                return [.. _writes];
        }
    }

    /// <summary>Answers a write instead of the driver, where it returns an errno (or 0).</summary>
    public Func<string, string, int?> Intercept { get; set; } = (_, _) => null;

    /// <summary>Called with each write before it is carried out.</summary>
    public Action<string, string> OnWrite { get; set; } = (_, _) => { };

    public void Plug(FakeDevice device)
    {
        lock (_gate)
            _devices[device.BusId] = device;
        sysfs.Plug(device);
        uevents.Raise("add", FakeSysfs.DevPathOf(device));
        uevents.Raise("bind", FakeSysfs.DevPathOf(device));
    }

    public void Unplug(FakeDevice device)
    {
        lock (_gate)
        {
            _devices.Remove(device.BusId);
            if (_sessions.Remove(device.BusId, out var session))
                session.Dispose();
        }

        sysfs.Unplug(device);
        uevents.Raise("unbind", FakeSysfs.DevPathOf(device));
        uevents.Raise("remove", FakeSysfs.DevPathOf(device));
    }

    /// <summary>The kernel's side of a session.</summary>
    public Socket SessionOf(FakeDevice device)
    {
        lock (_gate)
            return _sessions[device.BusId];
    }

    /// <summary>The session ends: its socket is closed and the reset begins, in which the interfaces are gone.</summary>
    public void LoseSession(FakeDevice device)
    {
        lock (_gate)
        {
            _sessions[device.BusId].Dispose();
            _sessions.Remove(device.BusId);
        }

        sysfs.Unconfigure(device);
        uevents.Raise("remove", $"{FakeSysfs.DevPathOf(device)}/{device.BusId}:1.0", "usb_interface");
    }

    /// <summary>The interfaces are back, with uevents.</summary>
    public void EndReset(FakeDevice device)
    {
        sysfs.Configure(device);
        uevents.Raise("add", $"{FakeSysfs.DevPathOf(device)}/{device.BusId}:1.0", "usb_interface");
    }

    /// <summary>The last step, of which no uevent tells.</summary>
    public void SetStatus(FakeDevice device, string status) =>
        sysfs.Write($"{FakeSysfs.Devices}/{device.BusId}/usbip_status", status + "\n");

    public int Write(string path, ReadOnlySpan<byte> value)
    {
        var text = Encoding.ASCII.GetString(value);
        path = path[sysfs.Root.Length..];
        OnWrite(path, text);
        lock (_gate)
        {
            _writes.Add($"{path}: {text}");
            return Intercept(path, text) ?? (sysfs.Exists(path) ? React(path, text) : NoEntry);
        }
    }

    public void Dispose()
    {
        foreach (var session in _sessions.Values)
            session.Dispose();
    }

    private int React(string path, string text) => path switch
    {
        $"{FakeSysfs.Drivers}/usb/unbind" => Leave(text, "usb"),
        "/sys/bus/usb/drivers_probe" => Probe(text),
        $"{FakeSysfs.Drivers}/usbip-host/match_busid" => Match(text),
        $"{FakeSysfs.Drivers}/usbip-host/bind" => Bind(text),
        $"{FakeSysfs.Drivers}/usbip-host/unbind" => Leave(text, "usbip-host"),
        $"{FakeSysfs.Drivers}/usbip-host/rebind" => _table.Remove(text) ? Probe(text) : NoDevice,
        _ when path.EndsWith("/usbip_sockfd", StringComparison.Ordinal) => Socket(path.Split('/')[^2], int.Parse(text)),
        _ => InvalidArgument,
    };

    private string? DriverOf(string busId) =>
        new FileInfo(sysfs.Below($"{FakeSysfs.Devices}/{busId}/driver")).LinkTarget is { } target ? Path.GetFileName(target) : null;

    private int Leave(string busId, string driver)
    {
        if (!_devices.TryGetValue(busId, out var device) || DriverOf(busId) != driver)
            return NoDevice;
        if (driver == "usb")
            sysfs.Unconfigure(device);
        if (_sessions.Remove(busId, out var session))
            session.Dispose();
        sysfs.SetDriver(device, null);
        return 0;
    }

    private int Probe(string busId)
    {
        if (!_devices.TryGetValue(busId, out var device))
            return NoDevice;
        if (DriverOf(busId) is not null)
            return 0;
        sysfs.SetDriver(device, "usb");
        sysfs.Configure(device);
        return 0;
    }

    private int Match(string text)
    {
        var words = text.Split(' ');
        if (words is ["del", _])
            return _table.Contains(words[1]) ? 0 : NoDevice;
        if (words is not ["add", _])
            return InvalidArgument;
        if (_table.Count == 16 && !_table.Contains(words[1]))
            return OutOfMemory;
        _table.Add(words[1]);
        return 0;
    }

    private int Bind(string busId)
    {
        if (!_devices.TryGetValue(busId, out var device) || !_table.Contains(busId) || DriverOf(busId) is not null)
            return NoDevice;
        sysfs.SetDriver(device, "usbip-host");
        return 0;
    }

    private int Socket(string busId, int fd)
    {
        var device = _devices[busId];
        if (fd == -1)
        {
            if (!_sessions.ContainsKey(busId))
                return InvalidArgument;
            LoseSession(device);
            return 0;
        }

        if (_sessions.ContainsKey(busId) || TestCalls.Hold(fd) is not { } session)
            return InvalidArgument;
        _sessions.Add(busId, session);
        SetStatus(device, "2");
        if (!sysfs.Exists($"/sys{FakeSysfs.DevPathOf(device)}/{device.BusId}:1.0"))
            sysfs.Configure(device);
        return 0;
    }
}
