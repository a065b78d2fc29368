using Microsoft.Extensions.Logging;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>
/// Logs the events that the control socket tells, each under its own name. Those that say why in a line of their own are left out here, and so
/// are devices of other nodes: their nodes log them.
/// </summary>
internal static class EventLines
{
    /// <summary>Logs an event, if it is for the log of this node.</summary>
    public static void Write(ILogger log, EventRow row, string self)
    {
        var isHere = row.Node == self;
        switch (row.Kind)
        {
            case EventKinds.DeviceAdded when isHere:
                log.DeviceAdded(row.Node, row.BusId);
                break;
            case EventKinds.DeviceRemoved when isHere:
                log.DeviceRemoved(row.Node, row.BusId);
                break;
            case EventKinds.DeviceChanged:
                log.DeviceChanged(row.Node, row.BusId, row.State, row.Holder);
                break;
            case EventKinds.SessionStarted:
                log.SessionStarted(row.Node, row.BusId, row.Holder);
                break;
            case EventKinds.SessionEnded:
                log.SessionEnded(row.Node, row.BusId, row.Holder);
                break;
            case EventKinds.Attached:
                log.Attached(row.Node, row.BusId, row.Attachment, row.Device, row.Port, row.DurationMs);
                break;
            case EventKinds.AttachFailed:
                log.AttachFailed(row.Node, row.BusId, row.Attachment, row.Device, row.Reason);
                break;
            case EventKinds.Lost:
                log.Lost(row.Node, row.BusId, row.Attachment, row.Device, row.Port, row.Reason);
                break;
            case EventKinds.Reattached:
                log.Reattached(row.Node, row.BusId, row.Attachment, row.Device, row.Port, row.DurationMs);
                break;
            case EventKinds.Adopted:
                log.Adopted(row.Node, row.BusId, row.Attachment, row.Device, row.Port);
                break;
            case EventKinds.Detached:
                log.Detached(row.Node, row.BusId, row.Attachment, row.Device, row.Port);
                break;
            case EventKinds.NodeUp:
                log.NodeUp(row.Node);
                break;
            case EventKinds.NodeReachable:
                log.NodeReachable(row.Node);
                break;
            case EventKinds.NodeUnreachable:
                log.NodeUnreachable(row.Node);
                break;
            case EventKinds.NodeRemoved:
                log.NodeRemoved(row.Node);
                break;
        }
    }
}
