using System.Collections.Immutable;

namespace UsbIpCluster.Node;

/// <summary>
/// What this node exports: the configuration's rules, and before them what operators have said. Immutable: every change is a new plan.
/// Devices are this node's own.
/// </summary>
/// <param name="Rules">The configured rules, in their order: the first that matches counts.</param>
/// <param name="Kept">What operators have said, the oldest first: the last that matches counts.</param>
internal sealed record ExportPlan(ImmutableArray<ExportRule> Rules, ImmutableArray<KeptExport> Kept)
{
    /// <summary>How many entries are kept; beyond that the oldest exclusions go, then the oldest exports.</summary>
    public const int MaxKept = 1024;

    /// <summary>Nothing is exported.</summary>
    public static ExportPlan Empty { get; } = new([], []);

    /// <summary>What is to be done with a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="protection">Why it is not exported unless somebody means just it (<see cref="Protection"/>); null when nothing speaks against it.</param>
    /// <remarks>
    /// Whether it is exported says the newest kept entry, else the first rule; for a protected device only those count that mean it. A name
    /// or an access that it does not say is taken from the next older entry that does, and at last from the rule. An access stands
    /// even where the export itself does not: another program may export the device.
    /// </remarks>
    public ExportDecision Decide(ClusterDevice device, string? protection)
    {
        var newestFirst = Kept.Reverse().Where(kept => Matches(kept.Match, device)).ToArray();
        var counting = newestFirst.Where(kept => protection is null || kept.Protected || !kept.Export).ToArray();
        var rule = Rules.FirstOrDefault(rule => (protection is null || rule.Match.NamesOneDevice) && Matches(rule.Match, device));
        var export = counting.Length > 0 ? counting[0].Export : rule is not null;
        var name = counting.TakeWhile(kept => kept.Export).Select(kept => kept.Name).FirstOrDefault(name => name is not null) ?? rule?.Name;
        var policy = rule ?? Rules.FirstOrDefault(rule => Matches(rule.Match, device));
        return new ExportDecision(
            export,
            export ? name : null,
            newestFirst.Select(kept => kept.Access).FirstOrDefault(access => access is not null) ?? policy?.Access ?? Access.Open,
            ByRule: export && counting.Length == 0);
    }

    /// <summary>Exports devices, now and whenever they are there.</summary>
    /// <param name="match">The devices. A name is no lasting mark, since it comes from here: in its place the devices are kept one by one.</param>
    /// <param name="devices">Those of them that are there now.</param>
    /// <param name="name">Their name; null keeps the one that the selector was bound with.</param>
    /// <param name="access">Who may have them; null keeps what the selector was bound with.</param>
    /// <param name="isProtected">Whether one of them is protected, and is meant all the same.</param>
    /// <param name="all">Whether all that match are meant, now and later.</param>
    public ExportPlan Bind(
        Selector match, IReadOnlyCollection<ClusterDevice> devices, string? name, Access? access, bool isProtected, bool all = false)
    {
        var said = Kept.RemoveAll(kept => !kept.Export && devices.Any(device => Matches(kept.Match, device)));
        foreach (var selector in match.HasName ? devices.Select(device => Selector.ForDevice(device, devices)) : [match])
        {
            var before = said.LastOrDefault(kept => kept.Export && kept.Match.Equals(selector));
            said = said.RemoveAll(kept => kept.Match.Equals(selector)).Add(new KeptExport(
                selector,
                Export: true,
                name ?? before?.Name,
                access ?? before?.Access,
                isProtected || before?.Protected == true,
                (all && !match.HasName) || before?.All == true));
        }

        return this with { Kept = Bounded(said) };
    }

    /// <summary>Exports a device no longer, now or when it is back.</summary>
    /// <param name="device">The device.</param>
    /// <param name="present">The devices that are there now: what exports another one of them stays, as does what exports all that match.</param>
    public ExportPlan Unbind(ClusterDevice device, IReadOnlyCollection<ClusterDevice> present)
    {
        var others = present.Where(other => other.Device.BusId != device.Device.BusId).ToArray();
        var rest = this with
        {
            Kept = Kept.RemoveAll(kept =>
                kept is { Export: true, All: false } && Matches(kept.Match, device) && !others.Any(other => Matches(kept.Match, other))),
        };

        // What protects the device today may not protect it tomorrow.
        if (!rest.Decide(device, protection: null).Export)
            return rest;
        var exclusion = new KeptExport(Selector.ForDevice(device, others), Export: false, Name: null, Access: null, Protected: false);
        return rest with { Kept = Bounded(rest.Kept.RemoveAll(kept => kept.Match.Equals(exclusion.Match)).Add(exclusion)) };
    }

    /// <summary>Takes back what was said with <see cref="Bind"/> of the same selector.</summary>
    public ExportPlan Forget(Selector match) => this with { Kept = Kept.RemoveAll(kept => kept.Export && kept.Match.Equals(match)) };

    /// <inheritdoc/>
    public bool Equals(ExportPlan? other) =>
        other is not null && Rules.AsSpan().SequenceEqual(other.Rules.AsSpan()) && Kept.AsSpan().SequenceEqual(other.Kept.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Rules.Length, Kept.Length, Kept.LastOrDefault());

    // A bus id alone means a device of the node on which it was written, and these are all of this node.
    private static bool Matches(Selector match, ClusterDevice device) => match.Matches(device, device.Node);

    private static ImmutableArray<KeptExport> Bounded(ImmutableArray<KeptExport> kept)
    {
        while (kept.Length > MaxKept)
            kept = kept.FirstOrDefault(entry => !entry.Export) is { } exclusion ? kept.Remove(exclusion) : kept.RemoveAt(0);
        return kept;
    }
}
