namespace UsbIpCluster.Node.Tests;

/// <summary>What must hold.</summary>
internal sealed partial class InventoryModel
{
    // As long as a node is in a view at all: one that was removed may be learnt anew from what was under way.
    private void Check(Node node)
    {
        var view = node.Exchange.View;
        foreach (var gone in node.Shown.Keys.Where(name => !view.Nodes.ContainsKey(name)).ToArray())
            node.Shown.Remove(gone);
        foreach (var (name, known) in view.Nodes)
        {
            var entry = known.Entry;
            var said = _said.GetValueOrDefault((name, entry.Incarnation))?.GetValueOrDefault(entry.Version);
            if (said is null || !IsSame(said, entry))
                Fail($"{node.Name} shows what {name} has never said: {Describe(entry)}");
            if (!node.Shown.TryGetValue(name, out var shown))
                node.Shown[name] = shown = [];
            if (shown.TryGetValue(entry.Incarnation, out var version) && entry.Version < version)
                Fail($"{node.Name} went back from version {version} of {name} to {Describe(entry)}");
            shown[entry.Incarnation] = entry.Version;
        }
    }

    private string? WhatDiffers()
    {
        foreach (var node in _nodes)
        {
            var view = node.Exchange.View;
            foreach (var other in _nodes)
            {
                var real = other.Exchange.Self;
                if (!view.Nodes.TryGetValue(other.Name, out var known))
                    return $"{node.Name} does not know {other.Name}";
                if (!known.Reachable || known.Entry.Incarnation != real.Incarnation || !IsSame(known.Entry, real))
                    return $"{node.Name} has {Describe(known.Entry)} where {Describe(real)} is";
            }

            // A member that can't be reached is still shown.
            var unknown = view.Nodes.Values.FirstOrDefault(known =>
                _nodes.TrueForAll(each => each.Name != known.Entry.Node)
                && (known.Reachable || !_dead.Contains(known.Entry.Address) || !node.Members.ContainsKey(known.Entry.Address)));
            if (unknown is not null)
                return $"{node.Name} still has {Describe(unknown.Entry)}";
        }

        return null;
    }

    // Who does not know a field does not show it.
    private static bool IsSame(NodeEntry one, NodeEntry other) =>
        one with { Devices = [], Wire = 0 } == other with { Devices = [], Wire = 0 } && one.Devices.SequenceEqual(other.Devices);

    private static string Describe(NodeEntry entry) =>
        $"{entry.Node} {entry.Incarnation}/{entry.Version} at {entry.Address}, "
        + $"{entry.Attachments} attachments{(entry.Draining ? ", draining" : "")}, ["
        + $"{string.Join(' ', entry.Devices.Select(device => $"{device.BusId}:{device.State}:{device.Holder}"))}]";

    private void Fail(string what) => Assert.Fail($"seed {_seed}, {_trouble}: {what}");
}
