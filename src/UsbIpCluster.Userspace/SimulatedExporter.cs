using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace;

/// <summary>
/// An exporter of simulated devices, named <c>sim-0</c>, <c>sim-1</c>, ... Their sessions are served in this process and outlive
/// whoever asked for them; they end when the peer goes, when the device is released, unbound or unplugged, or with this object.
/// </summary>
public sealed class SimulatedExporter : IDeviceExporter
{
    /// <summary>How long <see cref="ReleaseAsync"/> waits until the session is gone.</summary>
    public static readonly TimeSpan ReleaseLimit = TimeSpan.FromSeconds(5);

    // Simulated devices stand on one bus, numbered as no real one is.
    private const ushort BusNumber = 1000;

    private readonly object _gate = new();
    private readonly Dictionary<BusId, SimulatedSlot> _slots = [];
    private readonly HashSet<UrbServer> _sessions = [];
    private readonly ChangeFeed<DeviceChange> _changes;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly UrbServerOptions _options;
    private ushort _lastDeviceNumber;
    private bool _disposed;

    /// <summary>Creates an exporter with these devices plugged in, none of them bound.</summary>
    /// <param name="devices">The devices; the first is <c>sim-0</c>.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="log">Takes one line for each event of a session, and must not throw; null for nothing.</param>
    /// <param name="options">The bounds of each session; null for the default ones.</param>
    public SimulatedExporter(
        IEnumerable<SimulatedDevice> devices, TimeProvider? time = null, Action<string>? log = null, UrbServerOptions? options = null)
    {
        _time = time ?? TimeProvider.System;
        _log = log ?? (_ => { });
        _options = options ?? UrbServerOptions.Default;
        if (!_options.IsValid)
            throw new ArgumentException($"a bound is out of range: {_options}", nameof(options));
        _changes = new ChangeFeed<DeviceChange>(_log);
        foreach (var device in devices)
            Plug(device);
    }

    /// <inheritdoc/>
    public string Backend => "simulated";

    /// <summary>Plugs a device in, unbound and with another device number than before. Returns its bus id.</summary>
    /// <param name="device">A device that is not plugged in anywhere.</param>
    /// <param name="busId">The port to use; null for the first free one.</param>
    /// <exception cref="ArgumentException">The port is in use, or the device is plugged in already.</exception>
    public BusId Plug(SimulatedDevice device, BusId? busId = null)
    {
        BusId name;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            name = busId ?? FirstFree();
            if (_slots.ContainsKey(name))
                throw new ArgumentException($"{name} is in use", nameof(busId));
            if (_slots.Values.Any(each => each.Device == device))
                throw new ArgumentException("the device is plugged in already", nameof(device));
            // Runs through the numbers of a bus as a host does, so that a replugged device has another one.
            _lastDeviceNumber = _lastDeviceNumber == ushort.MaxValue ? (ushort)1 : (ushort)(_lastDeviceNumber + 1);
            var slot = new SimulatedSlot(device, device.Record(name, new DeviceId(BusNumber, _lastDeviceNumber)));
            _slots.Add(name, slot);
            Tell(slot);
        }

        _changes.Deliver();
        return name;
    }

    /// <summary>Unplugs a device; its session ends. Returns the device; null when there is none.</summary>
    public SimulatedDevice? Unplug(BusId busId)
    {
        SimulatedSlot? slot;
        lock (_gate)
        {
            if (!_slots.Remove(busId, out slot))
                return null;
            _changes.Add(new DeviceChange.Gone(busId, _time.GetUtcNow()));
        }

        slot.Session?.Stop(SessionEndReason.Unplugged, "the device was unplugged");
        _changes.Deliver();
        return slot.Device;
    }

    /// <summary>Resets the connection of a device's session, as a failing network would; false when it has no session.</summary>
    public bool CutSession(BusId busId)
    {
        UrbServer? session;
        lock (_gate)
            session = _slots.GetValueOrDefault(busId) is { IsInUse: true } slot ? slot.Session : null;
        session?.Stop(SessionEndReason.Cut, "the connection was cut on purpose");
        return session is not null;
    }

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<DeviceChange> observer)
    {
        IDisposable subscription;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var now = _time.GetUtcNow();
            subscription = _changes.Add(
                observer, _slots.Values.Select(slot => new DeviceChange.Present(slot.Describe(), now)));
        }

        _changes.Deliver();
        return subscription;
    }

    /// <inheritdoc/>
    public Task BindAsync(BusId busId, CancellationToken cancellationToken) => AsTask(() => Bind(busId));

    /// <inheritdoc/>
    public async Task UnbindAsync(BusId busId, CancellationToken cancellationToken)
    {
        UrbServer? session;
        lock (_gate)
        {
            var slot = FindExported(busId);
            session = slot.Session;
            slot.IsBound = false;
            Tell(slot);
        }

        _changes.Deliver();
        await EndAsync(busId, session, "the device was unbound", cancellationToken);
    }

    /// <inheritdoc/>
    public async Task ReleaseAsync(BusId busId, CancellationToken cancellationToken)
    {
        UrbServer? session;
        lock (_gate)
            session = FindExported(busId).Session;
        await EndAsync(busId, session, "the device was taken back", cancellationToken);
    }

    /// <inheritdoc/>
    public Task ServeAsync(BusId busId, Socket connection, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : AsTask(() => Serve(busId, connection));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        UrbServer[] sessions;
        lock (_gate)
        {
            _disposed = true;
            sessions = [.. _sessions];
        }

        _changes.Clear();
        foreach (var session in sessions)
            session.Stop(SessionEndReason.Released, "the exporter ends");
        foreach (var session in sessions)
            await session.Completion;
    }

    private void Bind(BusId busId)
    {
        lock (_gate)
        {
            var slot = Find(busId);
            if (!slot.IsBound)
            {
                slot.IsBound = true;
                Tell(slot);
            }
        }

        _changes.Deliver();
    }

    private void Serve(BusId busId, Socket connection)
    {
        SimulatedSlot slot;
        UrbServer session;
        lock (_gate)
        {
            slot = FindExported(busId);
            if (slot.Session is not null)
                throw new DeviceException(DeviceError.Busy, $"{busId} is in use by another session", "detach it there, or release it");
            session = new UrbServer(connection, slot.Device, slot.Record.DeviceId, _options, each => Ended(slot, each));
            slot.Session = session;
            _sessions.Add(session);
        }

        try
        {
            session.Open(ImportReply.Granted(slot.Record).Encode());
        }
        catch (Exception exception)
        {
            Ended(slot, session);
            if (exception is not (SocketException or ObjectDisposedException))
                throw;
            throw new DeviceException(
                DeviceError.PeerLost, $"{busId} could not be handed over, the importer has gone: {exception.Message}", null, exception);
        }

        _log($"{busId}: session with {session.Peer} began");
        lock (_gate)
        {
            slot.IsInUse = true;
            Tell(slot);
        }

        session.Start();
        _changes.Deliver();
    }

    private async Task EndAsync(BusId busId, UrbServer? session, string why, CancellationToken cancellationToken)
    {
        if (session is null)
            return;
        session.Stop(SessionEndReason.Released, why);
        try
        {
            await session.Completion.WaitAsync(ReleaseLimit, _time, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new DeviceException(
                DeviceError.TimedOut, $"the session of {busId} has not ended within {ReleaseLimit.TotalSeconds} s", null, exception);
        }
    }

    private void Ended(SimulatedSlot slot, UrbServer session)
    {
        lock (_gate)
        {
            _sessions.Remove(session);
            slot.Session = null;
            if (slot.IsInUse)
            {
                slot.IsInUse = false;
                if (slot.IsBound)
                    Tell(slot);
            }
        }

        _log($"{slot.BusId}: session with {session.Peer} ended: {session.End?.Text}");
        _changes.Deliver();
    }

    /// <summary>Queues the device as it is now, unless it has been unplugged.</summary>
    private void Tell(SimulatedSlot slot)
    {
        if (_slots.GetValueOrDefault(slot.BusId) == slot)
            _changes.Add(new DeviceChange.Present(slot.Describe(), _time.GetUtcNow()));
    }

    private SimulatedSlot Find(BusId busId)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _slots.GetValueOrDefault(busId)
            ?? throw new DeviceException(DeviceError.NoSuchDevice, $"there is no simulated device {busId}");
    }

    private SimulatedSlot FindExported(BusId busId)
    {
        var slot = Find(busId);
        return slot.IsBound
            ? slot
            : throw new DeviceException(DeviceError.NotExported, $"{busId} is not exported", $"usbipc bind {busId}");
    }

    // What fails before the first wait is in the task as well.
    private static Task AsTask(Action action)
    {
        try
        {
            action();
            return Task.CompletedTask;
        }
        catch (Exception exception)
        {
            return Task.FromException(exception);
        }
    }

    private BusId FirstFree() =>
        Enumerable.Range(0, int.MaxValue).Select(number => BusId.Parse($"sim-{number}")).First(busId => !_slots.ContainsKey(busId));
}
