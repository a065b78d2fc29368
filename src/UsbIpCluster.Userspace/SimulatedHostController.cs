using System.Collections.Immutable;
using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace;

/// <summary>
/// A host controller without a kernel: it enumerates what it attaches over the connection, as a host would, and lets its caller use the
/// device. Its sessions end when the peer goes, when the port is detached, or with this object.
/// </summary>
public sealed class SimulatedHostController : IHostController
{
    /// <summary>How many ports it has unless told otherwise.</summary>
    public const int DefaultPortCount = 8;

    /// <summary>How long a device may take to be enumerated.</summary>
    public static readonly TimeSpan EnumerationLimit = TimeSpan.FromSeconds(5);

    /// <summary>How long <see cref="DetachAsync"/> waits until the port is free.</summary>
    public static readonly TimeSpan DetachLimit = TimeSpan.FromSeconds(5);

    private readonly object _gate = new();
    private readonly Attached?[] _ports;
    private readonly ChangeFeed<PortChange> _changes;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private bool _disposed;

    /// <summary>Creates a controller with free ports.</summary>
    /// <param name="portCount">How many, at least 1.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <param name="log">Takes one line for each event of a port, and must not throw; null for nothing.</param>
    public SimulatedHostController(int portCount = DefaultPortCount, TimeProvider? time = null, Action<string>? log = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(portCount, 1);
        _ports = new Attached?[portCount];
        _time = time ?? TimeProvider.System;
        _log = log ?? (_ => { });
        _changes = new ChangeFeed<PortChange>(_log);
    }

    /// <inheritdoc/>
    public string Backend => "simulated";

    /// <inheritdoc/>
    public ImmutableArray<HostPort> ReadPorts()
    {
        lock (_gate)
            return [.. _ports.OfType<Attached>().Select(each => each.Describe())];
    }

    /// <inheritdoc/>
    public IDisposable Subscribe(Action<PortChange> observer)
    {
        IDisposable subscription;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var now = _time.GetUtcNow();
            subscription = _changes.Add(observer, _ports.OfType<Attached>().Select(each => new PortChange(each.Describe(), now)));
        }

        _changes.Deliver();
        return subscription;
    }

    /// <summary>The device at a port, to be used as a driver would; null unless the port is <see cref="PortStatus.Ready"/>.</summary>
    public SimulatedPort? Find(PortNumber port)
    {
        lock (_gate)
            return At(port)?.Device;
    }

    /// <summary>Resets the connection of a port, as a failing network would; false when nothing is attached there.</summary>
    public bool CutSession(PortNumber port)
    {
        Attached? attached;
        lock (_gate)
            attached = At(port);
        attached?.Client.Stop("the connection was cut on purpose", abruptly: true);
        return attached is not null;
    }

    /// <inheritdoc/>
    public Task<PortNumber> AttachAsync(
        Socket connection, UsbDeviceRecord device, PortOrigin origin, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (device.Speed == UsbSpeed.Unknown)
                throw new DeviceException(DeviceError.Refused, $"device {device.BusId} has no speed, so there is no port for it");
            connection.NoDelay = true;
            connection.ReceiveTimeout = 0;
            connection.SendTimeout = 0;
            return Task.FromResult(Attach(connection, device, origin));
        }
        catch (SocketException exception)
        {
            connection.Dispose();
            return Task.FromException<PortNumber>(new DeviceException(
                DeviceError.Refused, $"the connection of {device.BusId} is lost already: {exception.Message}", null, exception));
        }
        catch (Exception exception)
        {
            connection.Dispose();
            return Task.FromException<PortNumber>(exception);
        }
    }

    /// <inheritdoc/>
    public async Task DetachAsync(PortNumber port, CancellationToken cancellationToken)
    {
        Attached attached;
        lock (_gate)
        {
            attached = At(port) ?? throw new DeviceException(
                DeviceError.NoSuchPort, port.Number >= 0 && port.Number < _ports.Length ? $"nothing is attached to port {port}" : $"no port {port}");
        }

        attached.Client.Stop("the port was detached");
        try
        {
            await attached.Freed.Task.WaitAsync(DetachLimit, _time, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new DeviceException(
                DeviceError.TimedOut, $"port {port} is not free after {DetachLimit.TotalSeconds} s", null, exception);
        }
    }

    /// <inheritdoc/>
    public DeviceNodes FindNodes(BusId localBusId) => DeviceNodes.None;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Attached[] attached;
        lock (_gate)
        {
            _disposed = true;
            attached = [.. _ports.OfType<Attached>()];
        }

        _changes.Clear();
        foreach (var each in attached)
            each.Client.Stop("the host controller ends");
        foreach (var each in attached)
            await each.Freed.Task;
    }

    private PortNumber Attach(Socket connection, UsbDeviceRecord device, PortOrigin origin)
    {
        Attached attached;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var number = Array.IndexOf(_ports, null);
            if (number < 0)
            {
                throw new DeviceException(
                    DeviceError.NoFreePort, $"all {_ports.Length} ports of the simulated host controller are in use", "detach a port");
            }

            attached = new Attached(new PortNumber(number), new UrbClient(connection, device.DeviceId), device, origin);
            _ports[number] = attached;
            Tell(attached.Describe());
        }

        _log($"port {attached.Number}: attached {origin.BusId} of {origin.Host}");
        _changes.Deliver();
        _ = RunAsync(attached);
        return attached.Number;
    }

    /// <summary>The life of what is attached to a port: enumerated, used, lost.</summary>
    private async Task RunAsync(Attached attached)
    {
        attached.Client.Start();
        try
        {
            using var deadline = new CancellationTokenSource(EnumerationLimit, _time);
            // The device may ignore that a transfer is taken back as well.
            var device = await DeviceEnumeration.EnumerateAsync(attached.Client, deadline.Token).WaitAsync(deadline.Token);
            lock (_gate)
            {
                attached.Device = device;
                Tell(attached.Describe());
            }

            _changes.Deliver();
        }
        catch (OperationCanceledException)
        {
            attached.Client.Stop($"it was not enumerated within {EnumerationLimit.TotalSeconds} s");
        }
        catch (Exception exception)
        {
            attached.Client.Stop($"it could not be enumerated: {exception.Message}");
        }

        var why = await attached.Client.Completion;
        lock (_gate)
        {
            _ports[attached.Number.Number] = null;
            Tell(new HostPort(attached.Number, PortStatus.Free, null, null, null));
        }

        _log($"port {attached.Number}: free, {why}");
        _changes.Deliver();
        attached.Freed.SetResult();
    }

    private void Tell(HostPort port) => _changes.Add(new PortChange(port, _time.GetUtcNow()));

    private Attached? At(PortNumber port) => port.Number >= 0 && port.Number < _ports.Length ? _ports[port.Number] : null;

    /// <summary>What is attached to a port. The controller's lock guards it.</summary>
    private sealed class Attached(PortNumber number, UrbClient client, UsbDeviceRecord record, PortOrigin origin)
    {
        public PortNumber Number { get; } = number;

        public UrbClient Client { get; } = client;

        /// <summary>The device, once it is enumerated.</summary>
        public SimulatedPort? Device { get; set; }

        public TaskCompletionSource Freed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public HostPort Describe() => Device is null
            ? new HostPort(Number, PortStatus.Enumerating, record.DeviceId, null, origin)
            : new HostPort(Number, PortStatus.Ready, record.DeviceId, BusId.Parse($"sim-port-{Number.Number}"), origin);
    }
}
