using System.Collections.Immutable;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>
/// Keeps every device attached that matches, those that come later included: it makes an attachment for each. This node's own devices are
/// here already and are left alone.
/// </summary>
/// <param name="Id">Its name, of the same count as those of the attachments.</param>
/// <param name="Match">Which devices.</param>
/// <param name="User">Who asked; null when the daemon does not know.</param>
/// <param name="Except">The targets of its attachments that were detached by themselves.</param>
internal sealed record AttachmentRule(AttachmentId Id, Selector Match, string? User, ImmutableHashSet<string> Except)
{
    /// <summary>What the rule should attach now: for each device that is free and that no attachment follows yet, its target.</summary>
    /// <param name="view">The inventory.</param>
    /// <param name="attachments">The attachments of this node.</param>
    public IEnumerable<AttachmentTarget.Device> Missing(InventoryView view, IReadOnlyCollection<AttachmentStatus> attachments) =>
        from device in view.Find(Match)
        where device.Node != view.Self && device.Reachable && device.Device.State == DeviceState.Available
        where !attachments.Any(status => Follows(status, device, view.Self))
        let target = new AttachmentTarget.Device(Selector.ForDeviceOfCluster(device, view.Devices))
        where !Except.Contains(target.ToString())
        select target;

    // One that has another device, although this one matches it too, does not follow this one.
    private static bool Follows(AttachmentStatus status, ClusterDevice device, NodeName self) => status.Device?.Is(device) == true
        || (status.State != AttachmentStates.Attached && status.Target is AttachmentTarget.Device target && target.Selector.Matches(device, self));
}
