using System.Collections.Immutable;
using System.Net.Sockets;
using System.Threading.Channels;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>
/// A host controller whose work is done when the test says so. It keeps the contract of the seam: a port is told to the observers before
/// whoever attached it hears of it.
/// </summary>
internal sealed class ScriptedController : IHostController
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly Channel<Call> _calls = Channel.CreateUnbounded<Call>();
    private ImmutableArray<Action<PortChange>> _observers = [];
    private ImmutableSortedDictionary<PortNumber, HostPort> _ports = ImmutableSortedDictionary<PortNumber, HostPort>.Empty;

    public string Backend => "scripted";

    public int Observers => _observers.Length;

    public ImmutableArray<HostPort> ReadPorts() => [.. _ports.Values];

    /// <summary>The next thing that was asked of it, which must be this.</summary>
    public async Task<Call> NextAsync(string what)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        var call = await _calls.Reader.ReadAsync(deadline.Token);
        Assert.Equal(what, call.What);
        return call;
    }

    /// <summary>Nothing was asked of it.</summary>
    public void ExpectNothing() => Assert.False(_calls.Reader.TryRead(out _));

    public IDisposable Subscribe(Action<PortChange> observer)
    {
        foreach (var port in _ports.Values)
            observer(new PortChange(port, Samples.Time));
        _observers = _observers.Add(observer);
        return new Subscription(() => _observers = _observers.Remove(observer));
    }

    public Task<PortNumber> AttachAsync(Socket connection, UsbDeviceRecord device, PortOrigin origin, CancellationToken cancellationToken) =>
        Ask(new Call(this, "attach", default) { Connection = connection, Device = device, Origin = origin, Cancelled = cancellationToken });

    public Task DetachAsync(PortNumber port, CancellationToken cancellationToken) => Ask(new Call(this, "detach", port));

    /// <summary>What it finds of a device.</summary>
    public Func<BusId, DeviceNodes> Nodes { get; set; } = _ => DeviceNodes.None;

    public DeviceNodes FindNodes(BusId localBusId) => Nodes(localBusId);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The port is like this now.</summary>
    public void Show(int number, PortStatus status, PortOrigin? origin = null, DateTimeOffset? time = null)
    {
        var port = new PortNumber(number);
        var shown = status switch
        {
            PortStatus.Free => new HostPort(port, status, null, null, null),
            PortStatus.Enumerating => new HostPort(port, status, null, null, origin),
            _ => new HostPort(port, status, new DeviceId(1, 2), BusId.Parse($"7-{number + 1}"), origin),
        };
        _ports = status == PortStatus.Free ? _ports.Remove(port) : _ports.SetItem(port, shown);
        foreach (var observer in _observers)
            observer(new PortChange(shown, time ?? Samples.Time));
    }

    private Task<PortNumber> Ask(Call call)
    {
        _calls.Writer.TryWrite(call);
        return call.Task;
    }

    /// <summary>Something that was asked of the controller and is not done.</summary>
    public sealed class Call(ScriptedController controller, string what, PortNumber port)
    {
        private readonly TaskCompletionSource<PortNumber> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string What => what;

        public PortNumber Port => port;

        public Socket? Connection { get; init; }

        public UsbDeviceRecord? Device { get; init; }

        public PortOrigin? Origin { get; init; }

        /// <summary>When nobody waits for it any more.</summary>
        public CancellationToken Cancelled { get; init; }

        public Task<PortNumber> Task => _done.Task;

        /// <summary>Attached to this port, which is told to the observers first.</summary>
        public void Attach(int number)
        {
            controller.Show(number, PortStatus.Enumerating, Origin);
            AttachUnseen(number);
        }

        /// <summary>Attached to this port, of which the test has told the observers.</summary>
        public void AttachUnseen(int number) => _done.SetResult(new PortNumber(number));

        /// <summary>Detached, which is told to the observers first.</summary>
        public void Detach()
        {
            controller.Show(port.Number, PortStatus.Free);
            _done.SetResult(port);
        }

        public void Fail(DeviceError error, string message = "it did not work")
        {
            Connection?.Dispose();
            _done.SetException(new DeviceException(error, message, null, new IOException("the system's own")));
        }
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
