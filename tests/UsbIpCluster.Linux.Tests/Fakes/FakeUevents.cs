namespace UsbIpCluster.Linux.Tests.Fakes;

/// <summary>Uevents that a test raises.</summary>
public sealed class FakeUevents(TimeProvider clock) : IUeventSource
{
    private readonly Subscribers<UeventSignal> _subscribers = new(_ => { });

    public string? Degraded { get; set; }

    public bool TellsClosedConnections { get; set; } = true;

    public IDisposable Subscribe(Action<UeventSignal> observer) => _subscribers.Add(observer);

    public void Raise(string action, string devPath, string type = "usb_device") =>
        _subscribers.Tell(new UeventSignal.Happened(new Uevent(action, devPath, "usb", type), clock.GetUtcNow()));

    public void RaiseLost() => _subscribers.Tell(new UeventSignal.Lost(clock.GetUtcNow()));

    public void RaiseConnectionClosed() => _subscribers.Tell(new UeventSignal.ConnectionClosed(clock.GetUtcNow()));

    public void Dispose()
    {
    }
}
