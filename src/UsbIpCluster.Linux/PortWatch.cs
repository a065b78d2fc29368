using System.Collections.Immutable;
using System.Globalization;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Linux;

/// <summary>
/// The ports and their changes. When a session is lost, vhci_hcd closes the connection and frees the port within milliseconds; the uevents
/// of the device come when its drivers have let go of it, which can take much longer. So the closing of a connection is the signal for a
/// loss, and uevents are for what comes.
/// </summary>
internal sealed class PortWatch : Watch<int, PortChange>
{
    private static readonly Rhythm AfterClosed = Rhythm.Slackening(5, 50, thenMilliseconds: 25, untilMilliseconds: 250);
    private static readonly Rhythm AfterRemoval = Rhythm.Slackening(5, 250, thenMilliseconds: 50, untilMilliseconds: 3000);
    private static readonly Rhythm AfterOther = Rhythm.Slackening(20, 250, thenMilliseconds: 50, untilMilliseconds: 3000);
    private static readonly TimeSpan SlowEnumerating = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WithoutUevents = TimeSpan.FromMilliseconds(100);

    private readonly VhciDriver _driver;
    private readonly PortRecords _records;
    private readonly SortedDictionary<PortNumber, HostPort> _known = [];
    private readonly Dictionary<PortNumber, PortOrigin> _origins = [];
    private string? _failure;

    public PortWatch(VhciDriver driver, PortRecords records, IUeventSource uevents, TimeProvider clock, Action<string> log)
        : base("vhci_hcd watch", uevents, clock, log)
    {
        _driver = driver;
        _records = records;
        Start();
    }

    /// <summary>What is known of a port; null for a free one. Only from <see cref="Watch{TKey,TChange}.AfterReading"/>.</summary>
    public HostPort? Find(PortNumber port) => _known.GetValueOrDefault(port);

    /// <summary>Every port that is not free. Only from <see cref="Watch{TKey,TChange}.AfterReading"/>.</summary>
    public ImmutableArray<HostPort> Known => [.. _known.Values];

    /// <summary>
    /// Notes where the device comes from that has just been attached to a port, and tells of the port. Only from
    /// <see cref="Watch{TKey,TChange}.AfterReading"/>, so that the port is never told without it.
    /// </summary>
    public void Attached(PortNumber port, PortOrigin origin)
    {
        _origins[port] = origin;
        _records.Write(port, origin);
        ReadNow(_driver.ControllerOf(port));
    }

    /// <summary>Completes with true when the port's status is as wanted, or with false when the time is over.</summary>
    public async Task<bool> WaitAsync(PortNumber port, TimeSpan time, Func<PortStatus, bool> wanted, CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var subscription = Subscribe(change =>
        {
            if (change.Port.Port == port && wanted(change.Port.Status))
                done.TrySetResult();
        });
        if (IsWanted())
            return true;

        Touch(_driver.ControllerOf(port));
        try
        {
            await done.Task.WaitAsync(time, Clock, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            // On a busy host what is true may not have been told in time.
            return IsWanted();
        }

        bool IsWanted() => wanted(AfterReading(() => Find(port)?.Status ?? PortStatus.Free));
    }

    /// <summary>Which controller's status to read: the N of <c>.../vhci_hcd.N/...</c>.</summary>
    protected override int? KeyOf(Uevent uevent)
    {
        const string Marker = "/vhci_hcd.";
        var start = uevent.DevPath.IndexOf(Marker, StringComparison.Ordinal);
        if (uevent.Subsystem != "usb" || start < 0)
            return null;
        var number = uevent.DevPath.AsSpan(start + Marker.Length);
        var end = number.IndexOf('/');
        return end > 0 && int.TryParse(number[..end], NumberStyles.None, null, out var controller)
            && controller < VhciDriver.MaxControllers ? controller : null;
    }

    protected override bool Read(int key, DateTimeOffset time) => Guarded(() => _driver.ReadController(key) ?? [], time);

    protected override bool ReadAll(DateTimeOffset time) => Guarded(_driver.ReadAll, time);

    protected override IEnumerable<PortChange> Current(DateTimeOffset time) => _known.Values.Select(port => new PortChange(port, time));

    protected override IEnumerable<int> Sessions() => _known.Keys.Select(_driver.ControllerOf).Distinct();

    // A controller's ports are all in one file.
    protected override bool MayHaveEnded(int session) => true;

    protected override Rhythm RhythmAfter(WatchCause cause) => cause switch
    {
        WatchCause.ConnectionClosed => AfterClosed,
        WatchCause.Removal => AfterRemoval,
        _ => AfterOther,
    };

    protected override TimeSpan FullInterval(bool withUevents)
    {
        if (!withUevents)
            return WithoutUevents;
        return _known.Values.Any(port => port.Status == PortStatus.Enumerating) ? SlowEnumerating : Slow;
    }

    /// <summary>Takes over what was read; when that fails, what was known stands, and the reason is said once.</summary>
    private bool Guarded(Func<ImmutableArray<VhciPort>> read, DateTimeOffset time)
    {
        ImmutableArray<VhciPort> ports;
        try
        {
            ports = read();
            _failure = null;
        }
        catch (DeviceException exception) when (exception.Error == DeviceError.ModuleMissing)
        {
            // Without the module there are no ports: what was attached has gone with it.
            ports = [.. _known.Keys.Select(port => new VhciPort(port, VhciHub.HighSpeed, VhciState.Free, null, null))];
        }
        catch (DeviceException exception)
        {
            if (exception.Message != _failure)
                Log($"ports are left as they were known: {exception.Message}");
            _failure = exception.Message;
            return false;
        }

        var announced = false;
        foreach (var port in ports)
            announced |= Update(port, time);
        return announced;
    }

    /// <summary>Takes over one port. True for a change that has a uevent: a device that became ready, or was ready and is gone.</summary>
    private bool Update(VhciPort port, DateTimeOffset time)
    {
        _known.TryGetValue(port.Port, out var before);
        if (port.State == VhciState.Free)
        {
            if (before is null)
                return false;
            _known.Remove(port.Port);
            _origins.Remove(port.Port);
            _records.Delete(port.Port);
            Tell(new PortChange(new HostPort(port.Port, PortStatus.Free, null, null, null), time));
            return before.Status == PortStatus.Ready;
        }

        var now = Describe(port, before);
        _known[port.Port] = now;
        if (now == before)
            return false;
        Tell(new PortChange(now, time));
        return now.Status == PortStatus.Ready && before?.Status != PortStatus.Ready;
    }

    private HostPort Describe(VhciPort port, HostPort? known)
    {
        // Once ready it stays so until the device changes or goes.
        var isKnown = known is { Status: PortStatus.Ready } && known.DeviceId == port.DeviceId && known.LocalBusId == port.LocalBusId;
        var isReady = port.LocalBusId is { } busId && (isKnown || _driver.IsReady(busId));
        var origin = known?.Origin ?? _origins.GetValueOrDefault(port.Port) ?? _records.Read(port.Port);
        return new HostPort(
            port.Port, isReady ? PortStatus.Ready : PortStatus.Enumerating, port.DeviceId, port.LocalBusId, origin);
    }
}
