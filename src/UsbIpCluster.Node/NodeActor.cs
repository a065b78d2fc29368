using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node;

/// <summary>What the actors of a node stand on; it outlives them.</summary>
/// <param name="Entry">What the node says of itself at the start.</param>
/// <param name="Tls">What protects its connections to other nodes; null for nothing.</param>
/// <param name="Events">What has happened, for the control socket.</param>
/// <param name="Membership">What its membership needs to know.</param>
/// <param name="Exports">What its devices need to know.</param>
/// <param name="Attachments">What its attachments need to know.</param>
/// <param name="Exporters">Its devices.</param>
/// <param name="HostController">Its ports; null on a node that only exports.</param>
/// <param name="Listener">The USB/IP port, bound and listening.</param>
/// <param name="Serving">Who is served there.</param>
/// <param name="Hooks">What runs when something happens.</param>
/// <param name="Metrics">What is counted.</param>
internal sealed record NodeFoundation(
    NodeEntry Entry,
    ClusterTls? Tls,
    EventLog Events,
    MembershipSettings Membership,
    ExportSettings Exports,
    AttachmentSettings Attachments,
    ImmutableArray<IDeviceExporter> Exporters,
    IHostController? HostController,
    Socket Listener,
    ListenerSettings Serving,
    HookSettings Hooks,
    NodeMetrics Metrics)
{
    /// <summary>Takes from options what can change while the node runs: what begins from now on has it.</summary>
    public void Take(NodeOptions options)
    {
        Exports.Rules = options.Exports;
        Attachments.SocketOptions = options.KeepAlive;
        Serving.Limits = options.Limits;
        Serving.PlainClients = options.PlainClients;
        Hooks.Options = options.Hooks;
    }
}

/// <summary>The root of a node's actors, <c>/user/node</c>.</summary>
internal sealed class NodeActor : ReceiveActor
{
    /// <summary>Asks for the actors that the control socket needs; answered with <see cref="ControlActors"/>.</summary>
    public sealed record GetControlActors;

    /// <summary>The foundation has taken these options: who has to do something about it does it.</summary>
    public sealed record OptionsTaken(NodeOptions Options);

    /// <param name="foundation">What the actors stand on.</param>
    /// <param name="aim">The cluster that the node is to join; null when any will do.</param>
    /// <param name="beginAnew">Ends these actors, and begins with others; from any thread.</param>
    public NodeActor(NodeFoundation foundation, ClusterAim? aim, Action<NewBeginning> beginAnew)
    {
        var events = foundation.Events;
        var view = InventoryView.Of(foundation.Entry);
        var link = new ClusterLink(Context.System);
        var membership = Context.ActorOf(
            Props.Create(() => new MembershipActor(foundation.Membership, link, aim, beginAnew)), "membership");
        var names = foundation.Tls?.Names ?? new PeerNames();
        var inventory = Context.ActorOf(Props.Create(() => new InventoryActor(foundation.Entry, membership, names, foundation.Metrics.Lag)), "inventory");
        Context.ActorOf(Props.Create(() => new ControlEndpoint(events, foundation.Entry.Node)), "control");
        Context.ActorOf(Props.Create(() => new Hooks(foundation.Hooks)), "hooks");
        var exports = Context.ActorOf(
            Props.Create(() => new ExportManager(foundation.Exports, foundation.Exporters, inventory)), "exports");
        var attachments = Context.ActorOf(
            Props.Create(() => new AttachmentManager(foundation.Attachments, foundation.HostController, inventory, view)), "attachments");
        var listener = Context.ActorOf(
            Props.Create(() => new UsbIpListener(
                foundation.Listener, foundation.Serving, exports, membership, foundation.Metrics.Refusals)),
            "listener");

        IActorRef certificates = ActorRefs.Nobody;
        if (foundation.Tls is { } tls)
        {
            var forNewCertificates = Wiring.TakesNewCertificates ? null : beginAnew;
            certificates = Context.ActorOf(Props.Create(() => new CertificateWatch(tls, forNewCertificates)), "certificates");
        }

        var (system, self) = (Context.System, link.Self);
        Func<ImmutableArray<Probe>, TimeSpan, Task<ImmutableArray<Probe>>> probe = Prober.RunAsync;
        var examiner = Context.ActorOf(Props.Create(() => new ExaminerActor(membership, inventory, probe)), "examiner");
        Func<string, ICanTell> examinerAt = address =>
            address == self ? examiner : system.ActorSelection($"{address}/user/node/examiner");
        var doctor = Context.ActorOf(Props.Create(() => new DoctorActor(membership, inventory, examinerAt)), "doctor");

        var actors = new ControlActors(inventory, membership, exports, attachments, doctor);
        Receive<GetControlActors>(_ => Sender.Tell(actors));
        Receive<OptionsTaken>(taken =>
        {
            exports.Tell(new ExportManager.NewRules(taken.Options.Exports));
            listener.Tell(new UsbIpListener.NewLimits(taken.Options.Limits));
            certificates.Tell(new CertificateWatch.LookNow());
        });
    }

    protected override SupervisorStrategy SupervisorStrategy() =>
        new OneForOneStrategy(10, TimeSpan.FromMinutes(1), _ => Directive.Restart);
}
