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

        // A clock that was set back makes an earlier one of what was told before.
        if (!_trouble.HasFlag(Trouble.WrongClocks))
            CheckOutOfDate(node);
    }

    private void CheckOutOfDate(Node node)
    {
        foreach (var (address, told) in node.Told)
        {
            var here = node.Exchange.View.Nodes.Values.FirstOrDefault(known => known.Entry.Address == address)?.Entry;
            if ((here is null || told.CompareTo((here.Incarnation, here.Version)) > 0) && !node.Exchange.OutOfDate.Contains(address))
                Fail($"{node.Name} has been told of {told} at {address}, and does not know that it has not got it");
        }
    }

    private static void Remember(Node node, Letter letter)
    {
        (long, long)? told = letter.Message switch
        {
            InventoryActor.Delta delta => (delta.Incarnation, delta.Version),
            InventoryActor.Digest { Lines: [var line] } => (line.Incarnation, line.Version),
            _ => null,
        };
        if (told is { } said && letter.From != node.Address && node.Members.ContainsKey(letter.From)
            && said.CompareTo(node.Told.GetValueOrDefault(letter.From)) > 0)
            node.Told[letter.From] = said;
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

            var unheard = node.Members.Where(member => !member.Value.Reachable).Select(member => member.Key).ToHashSet();
            if (!unheard.SetEquals(node.Exchange.OutOfDate))
                return $"to {node.Name} {string.Join(", ", node.Exchange.OutOfDate)} are out of date, and not {string.Join(", ", unheard)}";
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
