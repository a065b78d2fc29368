using Akka.Actor;
using Akka.TestKit;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>
/// Tests of one attachment, whose sessions are scripted: each tells a probe that it was made, and tells its parent what the test says.
/// </summary>
public abstract class AttachmentSpec : VirtualTimeSpec, IAsyncLifetime
{
    private readonly Stage _stage;
    private InventoryView _view = Samples.View("lab2", Samples.Node("lab2"));

    protected AttachmentSpec()
    {
        Manager = CreateTestProbe();
        Sessions = CreateTestProbe();
        Exports = CreateTestProbe();
        Asker = CreateTestProbe();
        Events = CreateTestProbe();
        Sys.EventStream.Subscribe(Events.Ref, typeof(EventRow));
        _stage = new Stage(Sys);
    }

    protected TestProbe Manager { get; }

    protected TestProbe Sessions { get; }

    protected TestProbe Exports { get; }

    protected TestProbe Asker { get; }

    protected TestProbe Events { get; }

    protected IActorRef Attachment { get; private set; } = ActorRefs.Nobody;

    private protected static Holder Self { get; } = new(Samples.Lab2, new AttachmentId(1));

    private protected static ReleaseLease Release { get; } = new(Samples.BusId, Self, new Epoch(5));

    /// <summary>What <see cref="Release"/> gives back.</summary>
    private protected static LeaseGranted Leased { get; } = Samples.Lease(5);

    public async Task InitializeAsync() => await _stage.AddAsync(Exports.Ref, "exports");

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>A device of lab1, the node that is this stage.</summary>
    private protected void Show(params DeviceEntry[] devices) => Change(reachable: true, devices);

    private protected void ShowUnreachable(params DeviceEntry[] devices) => Change(reachable: false, devices);

    private protected Task StartAsync(bool once = false, TimeSpan? wait = null, string selector = "product=*", bool steal = false) =>
        StartAsync(new AttachmentTarget.Device(Samples.Selector(selector)), once, wait, steal);

    private protected async Task StartAsync(AttachmentTarget target, bool once = false, TimeSpan? wait = null, bool steal = false)
    {
        await StartAsync(New(target, once), new AttachmentAsker(Asker.Ref, wait, steal));
    }

    /// <summary>One of which nothing is known yet.</summary>
    private protected AttachmentStatus New(AttachmentTarget target, bool once = false) =>
        new(new AttachmentPlan(Self.Attachment, target, once, "alice"), AttachmentStates.Waiting, VirtualNow);

    private protected async Task StartAsync(AttachmentStatus status, AttachmentAsker? asker = null)
    {
        var settings = new AttachmentSettings(Samples.Lab2, SessionSocketOptions.Default, TempState.New());
        var former = new FormerAttachments(Samples.Lab2, Self.Attachment, []);
        var (sessions, view) = (Sessions.Ref, _view);
        Func<AttachmentSource, Holder, Props> port = (source, holder) =>
            Props.Create(() => new ScriptedSession(sessions, source, holder));
        Attachment = await Parent.AddAsync(Sys, Props.Create(() => new Attachment(status, asker, settings, former, view, port)), Manager.Ref);
        await SettleAsync(Attachment);
    }

    /// <summary>The next attempt.</summary>
    private protected async Task<Session> ExpectAttemptAsync()
    {
        var started = await Sessions.ExpectMsgAsync<ScriptedSession.Started>();
        await SettleAsync(Attachment);
        return new Session(this, started.Session, started.Source, started.Holder);
    }

    /// <summary>Starts and brings the device up to being usable.</summary>
    private protected async Task<Session> AttachAsync(bool once = false)
    {
        Show(Samples.Entry("1-1"));
        await StartAsync(once);
        var session = await ExpectAttemptAsync();
        await session.UseAsync(Leased);
        await ExpectAsync(AttachmentStates.Attached);
        await Asker.ExpectMsgAsync<AttachmentStatus>();
        return session;
    }

    /// <summary>The session is lost, and the next attempt made.</summary>
    private protected async Task<Session> LoseAsync(Session session)
    {
        await session.EndAsync(DeviceError.PeerLost, "the session was lost");
        return await ExpectAttemptAsync();
    }

    private protected async Task<AttachmentStatus> ExpectAsync(string state) =>
        await Manager.FishForMessageAsync<AttachmentStatus>(status => status.State == state, hint: state);

    private protected async Task<EventRow> ExpectEventAsync(string kind) =>
        await Events.FishForMessageAsync<EventRow>(row => row.Kind == kind, hint: kind);

    /// <summary>It is not kept any longer, and has stopped.</summary>
    protected async Task ExpectDroppedAsync()
    {
        await Manager.FishForMessageAsync<Attachment.Dropped>(dropped => dropped.Id == Self.Attachment);
        await Manager.FishForMessageAsync<Parent.ChildStopped>(_ => true);
    }

    private protected void Detach(TestProbe by) => by.Send(Attachment, new Attachment.Detach());

    private void Change(bool reachable, DeviceEntry[] devices)
    {
        var previous = _view;
        var lab1 = Samples.Node("lab1", devices) with { Address = _stage.Address };
        _view = previous with { Nodes = previous.Nodes.SetItem(Samples.Lab1, new ClusterNode(lab1, reachable)) };
        Attachment.Tell(new InventoryActor.Changed(_view, previous), ActorRefs.NoSender);
    }

    private protected sealed record Session(AttachmentSpec Spec, IActorRef Ref, AttachmentSource Source, Holder Holder)
    {
        public Task ConnectAsync() => SayAsync(new AttachedPort.Progress.Connecting());

        public Task LeaseAsync(LeaseGranted lease) => SayAsync(new AttachedPort.Progress.Leased(lease));

        public async Task HandOverAsync(LeaseGranted? lease = null)
        {
            await ConnectAsync();
            if (lease is not null)
                await LeaseAsync(lease);
            await SayAsync(new AttachedPort.Progress.HandedOver(Samples.Session(3), Samples.Record("1-1")));
        }

        public async Task UseAsync(LeaseGranted? lease = null)
        {
            await HandOverAsync(lease);
            await UsableAsync();
        }

        public Task UsableAsync() => SayAsync(new AttachedPort.Progress.Usable(BusId.Parse("7-4"), Spec.VirtualNow));

        /// <summary>The session has ended, or never came to be; it holds the lease of <see cref="AttachmentSpec.Release"/>.</summary>
        public Task EndAsync(DeviceError error, string message = "it did not work") =>
            StopAsync(new AttachedPort.Ended(new DeviceException(error, message), Spec.VirtualNow, Release));

        public Task DetachedAsync() => StopAsync(new AttachedPort.Ended(null, Spec.VirtualNow, Release));

        /// <summary>Its actor fails.</summary>
        public async Task CrashAsync()
        {
            await Spec.WatchAsync(Ref);
            Ref.Tell(Kill.Instance, ActorRefs.NoSender);
            await Spec.ExpectTerminatedAsync(Ref);
        }

        public async Task ExpectDetachAsync() => await Spec.Sessions.ExpectMsgAsync<AttachedPort.Detach>();

        private async Task SayAsync(object message)
        {
            Ref.Tell(new ScriptedSession.Say(message), ActorRefs.NoSender);
            await Spec.SettleAsync(Ref, Spec.Attachment);
        }

        private async Task StopAsync(AttachedPort.Ended ended)
        {
            await Spec.WatchAsync(Ref);
            Ref.Tell(new ScriptedSession.End(ended), ActorRefs.NoSender);
            await Spec.ExpectTerminatedAsync(Ref);
        }
    }

    private protected sealed class ScriptedSession : ReceiveActor
    {
        public sealed record Started(IActorRef Session, AttachmentSource Source, Holder Holder);

        public sealed record Say(object Message);

        public sealed record End(AttachedPort.Ended Message);

        private readonly Action _started;

        public ScriptedSession(IActorRef probe, AttachmentSource source, Holder holder)
        {
            _started = () => probe.Tell(new Started(Self, source, holder));
            Receive<Say>(say => Context.Parent.Tell(say.Message));
            Receive<End>(end =>
            {
                Context.Parent.Tell(end.Message);
                Context.Stop(Self);
            });
            Receive<AttachedPort.Detach>(detach => probe.Tell(detach));
        }

        protected override void PreStart() => _started();
    }
}
