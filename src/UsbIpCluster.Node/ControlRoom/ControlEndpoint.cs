using Akka.Actor;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>
/// Writes the events that the control socket tells. What happens to this node's own devices and attachments is told by their actors; what
/// happens elsewhere is read off the inventory.
/// </summary>
internal sealed class ControlEndpoint : ReceiveActor
{
    /// <param name="events">Where to.</param>
    public ControlEndpoint(EventLog events)
    {
        Receive<EventRow>(events.Record);
        Receive<InventoryActor.Changed>(changed =>
        {
            foreach (var row in InventoryEvents.Between(changed.Previous, changed.View, Context.System.Scheduler.Now))
                events.Record(row);
        });
    }

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(EventRow));
        Context.System.EventStream.Subscribe(Self, typeof(InventoryActor.Changed));
    }

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);
}
