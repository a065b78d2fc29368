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
/// <param name="Except">The devices that were detached by themselves: targets as <see cref="Selector.ForDeviceOfCluster"/> writes them.</param>
internal sealed record AttachmentRule(AttachmentId Id, Selector Match, string? User, ImmutableHashSet<string> Except)
{
    /// <summary>What the rule should attach now: for each device that is free and that no attachment follows yet, its target.</summary>
    /// <param name="view">The inventory.</param>
    /// <param name="attachments">The attachments of this node.</param>
    public IEnumerable<AttachmentTarget.Device> Missing(InventoryView view, IReadOnlyCollection<AttachmentStatus> attachments) =>
        from device in view.Find(Match)
        where device.Node != view.Self && device.Reachable && device.Device.State == DeviceState.Available
        where !attachments.Any(status => Follows(status, device, view)) && !Selector.NamesOf(device).Any(Except.Contains)
        select new AttachmentTarget.Device(Selector.ForDeviceOfCluster(device, view.Devices));

    /// <summary>The rule, leaving out from now on what was just detached by itself; the same when that is none of its devices.</summary>
    public AttachmentRule Without(AttachmentStatus detached, InventoryView view)
    {
        var device = detached.Device is { Node: { } node, BusId: var busId } ? view.Find(node, busId) : null;
        if (detached.Plan.Rule != Id && (device is null || !Match.Matches(device, view.Self)))
            return this;
        var name = detached.Plan.Rule is null ? Selector.ForDeviceOfCluster(device!, view.Devices).Text : detached.Target.ToString()!;
        return this with { Except = Except.Add(name) };
    }

    // One that has another device, which is still where it was, does not follow this one although it matches.
    private static bool Follows(AttachmentStatus status, ClusterDevice device, InventoryView view)
    {
        if (status.Target is not AttachmentTarget.Device { Selector: var selector } || !selector.Matches(device, view.Self))
            return false;
        var hasAnother = status is { State: AttachmentStates.Attached, Device: { Node: { } node, BusId: var busId } has } && !has.Is(device)
            && view.Find(node, busId) is { Reachable: true } other && selector.Matches(other, view.Self);
        return !hasAnother;
    }
}
