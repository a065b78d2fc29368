using System.Collections.Immutable;
using Akka.Actor;
using Microsoft.Extensions.Logging;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// This node's devices out, every node's devices in. Each change of this node's entry is sent to every reachable node at once; a
/// digest every <see cref="DigestInterval"/> lets a node that missed one ask for the whole entry. Whoever on this node wants to know
/// listens for <see cref="Changed"/> on the event stream. What is done with what comes is <see cref="InventoryExchange"/>'s.
/// </summary>
internal sealed class InventoryActor : ReceiveActor, IWithTimers
{
    /// <summary>A device of this node, new or changed.</summary>
    public sealed record LocalDevice(DeviceEntry Entry);

    /// <summary>A device of this node has gone.</summary>
    public sealed record LocalDeviceGone(BusId BusId);

    /// <summary>How many attachments this node keeps.</summary>
    public sealed record LocalAttachments(int Count);

    /// <summary>Whether this node gives out new leases.</summary>
    public sealed record LocalDraining(bool Draining);

    /// <summary>Asks for the view as it is; answered with a <see cref="Changed"/> without a previous one.</summary>
    public sealed record GetView;

    /// <summary>The view has changed: published on the event stream.</summary>
    public sealed record Changed(InventoryView View, InventoryView? Previous);

    /// <summary>The inventory knows nothing of this node any more: published on the event stream.</summary>
    public sealed record TellAgain;

    /// <summary>From node to node: my entry as it is now.</summary>
    /// <param name="Entry">The entry.</param>
    /// <param name="Question">Of the <see cref="Pull"/> that is answered; empty where there is none.</param>
    public sealed record Announce(NodeEntry Entry, Guid Question = default) : INodeMessage;

    /// <summary>From node to node: what has changed in my entry. For who has the version before, and understands it.</summary>
    /// <param name="Node">Who says it.</param>
    /// <param name="Incarnation">Of the entry.</param>
    /// <param name="Version">Of the entry as it is now.</param>
    /// <param name="Attachments">As it is now.</param>
    /// <param name="Draining">As it is now.</param>
    /// <param name="Put">A device that is new or has changed; null when there is none.</param>
    /// <param name="Gone">A device that has gone; null when there is none.</param>
    public sealed record Delta(
        NodeName Node, long Incarnation, long Version, int Attachments, bool Draining, DeviceEntry? Put, BusId? Gone) : INodeMessage
    {
        /// <summary>The entry as it is now.</summary>
        /// <param name="entry">As it was.</param>
        public NodeEntry ApplyTo(NodeEntry entry)
        {
            var devices = entry.Devices.RemoveAll(device => device.BusId == Gone || device.BusId == Put?.BusId);
            var at = 0;
            while (Put is not null && at < devices.Length && string.CompareOrdinal(devices[at].BusId.Value, Put.BusId.Value) < 0)
                at++;
            return entry with
            {
                Version = Version,
                Attachments = Attachments,
                Draining = Draining,
                Devices = Put is null ? devices : devices.Insert(at, Put),
            };
        }
    }

    /// <summary>From node to node: the entries that I know, by version.</summary>
    public sealed record Digest(ImmutableArray<DigestLine> Lines) : INodeMessage;

    /// <summary>A line of a digest.</summary>
    public sealed record DigestLine(NodeName Node, long Incarnation, long Version);

    /// <summary>From node to node: send me your own entry.</summary>
    /// <param name="Question">Comes back with the answer.</param>
    public sealed record Pull(Guid Question = default) : INodeMessage;

    /// <summary>How often a digest is sent to every reachable node.</summary>
    public static readonly TimeSpan DigestInterval = TimeSpan.FromSeconds(5);

    private const string DigestTimer = "digest";

    private readonly ILogger _log = Context.Logger();
    private readonly IActorRef _membership;
    private readonly PeerNames _names;
    private readonly InventoryLag _lag;
    private InventoryExchange _exchange;

    /// <param name="self">What this node says of itself at the start.</param>
    /// <param name="membership">The <see cref="MembershipActor"/>.</param>
    /// <param name="names">Which nodes' certificates are shown where.</param>
    /// <param name="lag">Is told of what is known to be missing here.</param>
    public InventoryActor(NodeEntry self, IActorRef membership, PeerNames names, InventoryLag lag)
    {
        _lag = lag;
        _membership = membership;
        _names = names;
        _exchange = new InventoryExchange(self, names);

        Receive<LocalDevice>(device => Do(exchange => exchange.Put(device.Entry)));
        Receive<LocalDeviceGone>(gone => Do(exchange => exchange.Remove(gone.BusId)));
        Receive<LocalAttachments>(count => Do(exchange => exchange.CountAttachments(count.Count)));
        Receive<LocalDraining>(drain => Do(exchange => exchange.Drain(drain.Draining)));
        Receive<GetView>(_ => Sender.Tell(new Changed(_exchange.View, null)));
        Receive<Announce>(announce => Do(exchange => exchange.Learn(announce, Speaker)));
        Receive<Delta>(delta => Do(exchange => exchange.Learn(delta, Speaker)));
        Receive<Digest>(digest => Do(exchange => exchange.Compare(digest, Speaker)));
        Receive<Pull>(pull => Do(exchange => exchange.Reply(pull)));
        Receive<MembershipActor.Changed>(changed => Do(exchange => exchange.Meet(changed.View)));
        Receive<MembershipView>(members => Do(exchange => exchange.Meet(members)));
        Receive<SendDigest>(_ => Do(exchange => exchange.Tick()));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    // Where who has just spoken says that it is; null for who is on this node, or nobody.
    private string? Speaker => ClusterAddress.Of(Sender);

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(MembershipActor.Changed));
        _membership.Tell(new MembershipActor.GetMembers());
        Timers.StartPeriodicTimer(DigestTimer, new SendDigest(), DigestInterval);
    }

    // What this node has is told again by those who know it; peers take it for what a new incarnation says.
    protected override void PostRestart(Exception reason)
    {
        _exchange = new InventoryExchange(_exchange.Self.BegunAnew(Context.System.Scheduler.Now), _names);
        base.PostRestart(reason);
        Context.System.EventStream.Publish(new TellAgain());
    }

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    private void Do(Func<InventoryExchange, IReadOnlyList<InventoryExchange.Step>> what)
    {
        var previous = _exchange.View;
        var steps = what(_exchange);
        _lag.Show(_exchange.OutOfDate);
        if (!ReferenceEquals(_exchange.View, previous))
            Context.System.EventStream.Publish(new Changed(_exchange.View, previous));
        foreach (var step in steps)
        {
            switch (step)
            {
                case InventoryExchange.Step.Send send:
                    Context.ActorSelection($"{send.To}/user/node/inventory").Tell(send.Message);
                    break;
                case InventoryExchange.Step.Answer answer:
                    Sender.Tell(answer.Message);
                    break;
                case InventoryExchange.Step.Warn warning:
                    _log.Inventory(warning.Text);
                    break;
            }
        }
    }

    private sealed record SendDigest;
}
