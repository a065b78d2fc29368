using Akka.Actor;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>
/// Writes the events that the control socket tells. What happens to this node's own devices and attachments is told by their actors; what
/// happens elsewhere is read off the inventory. The steps between are only passed on.
/// </summary>
internal sealed class ControlEndpoint : ReceiveActor
{
    private readonly NodeName _self;

    /// <param name="events">Where to.</param>
    /// <param name="self">This node.</param>
    public ControlEndpoint(EventLog events, NodeName self)
    {
        _self = self;
        Receive<EventRow>(events.Record);
        Receive<InventoryActor.Changed>(changed =>
        {
            foreach (var row in InventoryEvents.Between(changed.Previous, changed.View, Context.System.Scheduler.Now))
                events.Record(row);
            foreach (var node in InventoryEvents.ChangedNodes(changed.Previous, changed.View))
                events.Pass(Step(EventKinds.NodeChanged, node));
        });
        Receive<MembershipActor.Changed>(_ => events.Pass(Step(EventKinds.NodeChanged, _self)));
        Receive<AttachmentManager.Changed>(changed => events.Pass(Step(EventKinds.AttachmentChanged, _self) with
        {
            Attachment = changed.Id?.ToString(),
            State = changed.State,
            Port = changed.Port?.Number,
        }));
    }

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(EventRow));
        Context.System.EventStream.Subscribe(Self, typeof(InventoryActor.Changed));
        Context.System.EventStream.Subscribe(Self, typeof(MembershipActor.Changed));
        Context.System.EventStream.Subscribe(Self, typeof(AttachmentManager.Changed));
    }

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    private static EventRow Step(string kind, NodeName node) => new(Context.System.Scheduler.Now, node.Value, kind);
}
