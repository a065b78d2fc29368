using Akka.Actor;
using Akka.TestKit;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node.Tests;

/// <summary>Tests of one session on the importer's side: probes for its parent, for the exporter's node and for whoever knows the ports.</summary>
public abstract class AttachedPortSpec : VirtualTimeSpec, IAsyncLifetime
{
    private readonly AttachmentSettings _settings = new(Samples.Lab2, SessionSocketOptions.Default, TempState.New());
    private readonly Stage _stage;

    protected AttachedPortSpec()
    {
        ParentProbe = CreateTestProbe();
        Exports = CreateTestProbe();
        Ports = CreateTestProbe();
        _stage = new Stage(Sys);
    }

    protected TestProbe ParentProbe { get; }

    protected TestProbe Exports { get; }

    protected TestProbe Ports { get; }

    protected IActorRef Port { get; private set; } = ActorRefs.Nobody;

    private protected ScriptedController Controller { get; } = new();

    private protected ImportServer Server { get; } = new();

    private protected SessionSocketOptions SocketOptions
    {
        set => _settings.SocketOptions = value;
    }

    public async Task InitializeAsync() => await _stage.AddAsync(Exports.Ref, "exports");

    public Task DisposeAsync()
    {
        Server.Dispose();
        return Task.CompletedTask;
    }

    private protected async Task StartAsync(AttachmentSource source)
    {
        var settings = _settings;
        Port = await Parent.AddAsync(
            Sys, Props.Create(() => new AttachedPort(Controller, settings, source, Samples.Holder, Ports.Ref)), ParentProbe.Ref);
        Controller.Subscribe(change => Port.Tell(change, ActorRefs.NoSender));
    }

    protected Task StartLeasedAsync() =>
        StartAsync(new AttachmentSource.Leased(
            Samples.Device("lab1", Samples.Entry("1-1")) with { Address = _stage.Address }, new RequestLease(Samples.BusId, Samples.Holder)));

    protected Task StartPlainAsync() => StartAsync(new AttachmentSource.Plain(Server.Address, Samples.BusId));

    /// <summary>Answers its request for a lease.</summary>
    private protected async Task<LeaseGranted> GrantAsync(params NetworkAddress[] endpoints)
    {
        Assert.Equal(new RequestLease(Samples.BusId, Samples.Holder), await Exports.ExpectMsgAsync<RequestLease>());
        var lease = new LeaseGranted(Protocol.LeaseId.New(), new Epoch(5), Samples.BusId, [.. endpoints], Seconds(10), Samples.Secret);
        Exports.Reply(lease);
        await ParentProbe.ExpectMsgAsync(new AttachedPort.Progress.Leased(lease));
        return lease;
    }

    /// <summary>Brings a plain session up to this point: its socket is handed over to port 3.</summary>
    protected async Task HandOverAsync()
    {
        await StartPlainAsync();
        await ParentProbe.ExpectMsgAsync<AttachedPort.Progress.Connecting>();
        (await Server.AcceptAsync()).Grant();
        (await Controller.NextAsync("attach")).Attach(3);
        await ParentProbe.ExpectMsgAsync<AttachedPort.Progress.HandedOver>();
        await SettleAsync(Port);
    }

    protected async Task AttachAsync()
    {
        await HandOverAsync();
        Controller.Show(3, PortStatus.Ready);
        await ParentProbe.ExpectMsgAsync<AttachedPort.Progress.Usable>();
        await SettleAsync(Port);
    }

    /// <summary>The last that its parent hears of it.</summary>
    private protected async Task<AttachedPort.Ended> ExpectEndAsync()
    {
        var ended = await ParentProbe.FishForMessageAsync<AttachedPort.Ended>(_ => true);
        await ParentProbe.ExpectMsgAsync<Parent.ChildStopped>();
        return ended;
    }

    private protected async Task<DeviceError> ExpectErrorAsync() => (await ExpectEndAsync()).Error!.Error;
}
