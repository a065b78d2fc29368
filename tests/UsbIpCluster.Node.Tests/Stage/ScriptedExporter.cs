using System.Collections.Immutable;
using System.Net.Sockets;
using System.Threading.Channels;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>
/// An exporter whose work is done when the test says so. It keeps the contract of the seam: what has been done is told to the observers
/// before whoever asked for it hears of it.
/// </summary>
internal sealed class ScriptedExporter : IDeviceExporter
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    private readonly Channel<Call> _calls = Channel.CreateUnbounded<Call>();
    private ImmutableSortedDictionary<string, LocalDevice> _devices = ImmutableSortedDictionary.Create<string, LocalDevice>(StringComparer.Ordinal);
    private ImmutableArray<Action<DeviceChange>> _observers = [];

    public string Backend => "scripted";

    public int Observers => _observers.Length;

    public bool HasCalls => _calls.Reader.Count > 0;

    /// <summary>The device is there, or differs.</summary>
    public void Show(LocalDevice device)
    {
        _devices = _devices.SetItem(device.BusId.Value, device);
        Tell(new DeviceChange.Present(device, Samples.Time));
    }

    /// <summary>The driver says something else of the device.</summary>
    public void Show(BusId busId, ExportStatus status)
    {
        if (_devices.TryGetValue(busId.Value, out var device))
            Show(device with { Status = status });
    }

    /// <summary>The device is unplugged.</summary>
    public void Unplug(BusId busId)
    {
        _devices = _devices.Remove(busId.Value);
        Tell(new DeviceChange.Gone(busId, Samples.Time));
    }

    /// <summary>The next thing that was asked of it, which must be this.</summary>
    public async Task<Call> NextAsync(string what)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        var call = await _calls.Reader.ReadAsync(deadline.Token);
        Assert.Equal(what, call.What);
        return call;
    }

    public IDisposable Subscribe(Action<DeviceChange> observer)
    {
        foreach (var device in _devices.Values)
            observer(new DeviceChange.Present(device, Samples.Time));
        _observers = _observers.Add(observer);
        return new Subscription(() => _observers = _observers.Remove(observer));
    }

    public Task BindAsync(BusId busId, CancellationToken cancellationToken) => Ask("bind", busId);

    public Task UnbindAsync(BusId busId, CancellationToken cancellationToken) => Ask("unbind", busId);

    public Task ServeAsync(BusId busId, Socket connection, CancellationToken cancellationToken) => Ask("serve", busId, connection);

    public Task ReleaseAsync(BusId busId, CancellationToken cancellationToken) => Ask("release", busId);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task Ask(string what, BusId busId, Socket? connection = null)
    {
        var call = new Call(this, what, busId, connection);
        _calls.Writer.TryWrite(call);
        return call.Task;
    }

    private void Tell(DeviceChange change)
    {
        foreach (var observer in _observers)
            observer(change);
    }

    /// <summary>Something that was asked of the exporter and is not done.</summary>
    public sealed class Call(ScriptedExporter exporter, string what, BusId busId, Socket? connection)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string What => what;

        public Task Task => _done.Task;

        /// <summary>Done: told to the observers, and then to whoever asked.</summary>
        public void Succeed()
        {
            exporter.Show(busId, What switch
            {
                "unbind" => ExportStatus.Unbound,
                "serve" => ExportStatus.InUse,
                _ => ExportStatus.Available,
            });
            SucceedUnseen();
        }

        /// <summary>Done, and the observers are told by the test.</summary>
        public void SucceedUnseen()
        {
            connection?.Send(ImportReply.Granted(Samples.Record(busId.Value)).Encode());
            _done.SetResult();
        }

        public void Fail(DeviceError error, string message = "it did not work") =>
            _done.SetException(new DeviceException(error, message, null, new IOException("the system's own")));

        public void Cancel() => _done.SetCanceled();

        public void Crash() => _done.SetException(new InvalidOperationException("nobody expected this"));
    }

    private sealed class Subscription(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
