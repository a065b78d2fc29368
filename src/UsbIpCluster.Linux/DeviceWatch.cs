using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>
/// The local devices and their changes. The end of a session has no uevent of its own: usbip-host closes the connection, resets the
/// device, and usbip_status turns to 1 some 0.3 s later. So a device in use is read every 25 ms for a while after a connection was closed.
/// </summary>
internal sealed class DeviceWatch : Watch<BusId, DeviceChange>
{
    // The second is the longest that the reset after a session was seen to take, and half as much again.
    private static readonly Rhythm AfterEvent = Rhythm.Even(25, 3000);
    private static readonly Rhythm AfterClosed = Rhythm.Even(25, 1500);
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan WithoutUevents = TimeSpan.FromMilliseconds(250);

    private readonly SysfsDevices _devices;
    private readonly Dictionary<BusId, SysfsDevices.Snapshot> _known = [];
    private readonly HashSet<BusId> _unreadable = [];

    public DeviceWatch(SysfsDevices devices, IUeventSource uevents, TimeProvider clock, Action<string> log)
        : base("usbip-host watch", uevents, clock, log)
    {
        _devices = devices;
        Start();
    }

    protected override BusId? KeyOf(Uevent uevent)
    {
        if (uevent.Subsystem != "usb" || SysfsDevices.IsImported(uevent.DevPath))
            return null;
        // An interface's event (.../1-1/1-1:1.0) is about its device.
        var name = uevent.DevType == "usb_interface" ? uevent.Name.Split(':')[0] : uevent.Name;
        return SysfsDevices.IsDeviceName(name) && BusId.TryParse(name, out var busId) ? busId : null;
    }

    protected override bool Read(BusId key, DateTimeOffset time)
    {
        var before = _known.GetValueOrDefault(key);
        if (!TryRead(key, before, out var now))
            return false;

        var isOther = before is not null && now?.Device.Record.DeviceId != before.Device.Record.DeviceId;
        if (isOther)
        {
            _known.Remove(key);
            Tell(new DeviceChange.Gone(key, time));
        }

        if (now is not null)
        {
            _known[key] = now;
            if (isOther || before?.Device.Equals(now.Device) != true)
                Tell(new DeviceChange.Present(now.Device, time));
        }

        return isOther || (before is null) != (now is null);
    }

    protected override bool ReadAll(DateTimeOffset time)
    {
        _devices.ReadSystemDisks();
        var cameOrWent = false;
        foreach (var busId in _devices.List().Union(_known.Keys).ToList())
            cameOrWent |= Read(busId, time);
        return cameOrWent;
    }

    protected override IEnumerable<DeviceChange> Current(DateTimeOffset time) =>
        _known.Values.Select(known => new DeviceChange.Present(known.Device, time));

    protected override IEnumerable<BusId> Sessions() =>
        _known.Values.Where(known => known.Device.Status == ExportStatus.InUse).Select(known => known.Device.BusId);

    protected override bool MayHaveEnded(BusId session)
    {
        try
        {
            return _devices.ReadStatus(session) != ExportStatus.InUse;
        }
        catch (DeviceException)
        {
            // Reading it says what is wrong.
            return true;
        }
    }

    protected override Rhythm RhythmAfter(WatchCause cause) => cause == WatchCause.ConnectionClosed ? AfterClosed : AfterEvent;

    protected override TimeSpan FullInterval(bool withUevents) => withUevents ? Slow : WithoutUevents;

    /// <summary>Reads a device; false, and said once, when its files hold what can't be understood. Then what was known stands.</summary>
    private bool TryRead(BusId busId, SysfsDevices.Snapshot? before, out SysfsDevices.Snapshot? now)
    {
        try
        {
            now = _devices.Read(busId, before);
            _unreadable.Remove(busId);
            return true;
        }
        catch (DeviceException exception)
        {
            if (_unreadable.Add(busId))
                Log($"device {busId} is left as it was known: {exception.Message}");
            now = null;
            return false;
        }
    }
}
