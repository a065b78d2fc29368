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
/// <param name="Limits">What strangers can cost it.</param>
/// <param name="PlainClients">Who may import without a lease.</param>
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
    ListenerLimits Limits,
    ImmutableArray<IPNetwork> PlainClients);

/// <summary>The root of a node's actors, <c>/user/node</c>.</summary>
internal sealed class NodeActor : ReceiveActor
{
    /// <summary>Asks for the actors that the control socket needs; answered with <see cref="ControlActors"/>.</summary>
    public sealed record GetControlActors;

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
        var inventory = Context.ActorOf(Props.Create(() => new InventoryActor(foundation.Entry, membership, names)), "inventory");
        Context.ActorOf(Props.Create(() => new ControlEndpoint(events)), "control");
        var exports = Context.ActorOf(
            Props.Create(() => new ExportManager(foundation.Exports, foundation.Exporters, inventory)), "exports");
        var attachments = Context.ActorOf(
            Props.Create(() => new AttachmentManager(foundation.Attachments, foundation.HostController, inventory, view)), "attachments");
        var listener = Context.ActorOf(
            Props.Create(() => new UsbIpListener(foundation.Listener, foundation.Limits, foundation.PlainClients, exports, membership)),
            "listener");

        if (foundation.Tls is { } tls)
        {
            var forNewCertificates = Wiring.TakesNewCertificates ? null : beginAnew;
            Context.ActorOf(Props.Create(() => new CertificateWatch(tls, forNewCertificates)), "certificates");
        }

        var actors = new ControlActors(inventory, membership, exports, attachments);
        Receive<GetControlActors>(_ => Sender.Tell(actors));
    }

    protected override SupervisorStrategy SupervisorStrategy() =>
        new OneForOneStrategy(10, TimeSpan.FromMinutes(1), _ => Directive.Restart);
}
