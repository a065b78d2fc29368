using System.Collections.Immutable;

namespace UsbIpCluster.Node;

/// <summary>What came of asking one member to look whom it reaches.</summary>
internal abstract record NodeExamination
{
    private NodeExamination()
    {
    }

    /// <summary>It has told.</summary>
    /// <param name="Probes">What it tried.</param>
    /// <param name="Clock">How far its clock is from this node's; null for this node itself.</param>
    public sealed record Told(ImmutableArray<Probe> Probes, ClockReading? Clock) : NodeExamination;

    /// <summary>It has begun, and not ended in time.</summary>
    /// <param name="Clock">How far its clock is from this node's; null for this node itself.</param>
    public sealed record Unfinished(ClockReading? Clock) : NodeExamination;

    /// <summary>It was examined for somebody else all the time.</summary>
    /// <param name="Clock">How far its clock is from this node's; null for this node itself.</param>
    public sealed record Busy(ClockReading? Clock) : NodeExamination;

    /// <summary>It has not answered.</summary>
    /// <param name="Waited">For how long it was waited for.</param>
    public sealed record Silent(TimeSpan Waited) : NodeExamination;

    /// <summary>Its daemon is older than this kind of question, or has not said yet which version it has.</summary>
    /// <param name="Software">Its version; null while it is not known.</param>
    public sealed record Older(string? Software) : NodeExamination;
}

/// <summary>How far another clock is from this node's.</summary>
/// <param name="Ahead">How far it is ahead; negative when it is behind.</param>
/// <param name="Uncertainty">By how much that can be wrong, either way: half of the time from question to answer.</param>
internal readonly record struct ClockReading(TimeSpan Ahead, TimeSpan Uncertainty);

/// <summary>What an examination of the cluster has brought, and whom it was about.</summary>
/// <param name="Members">The members when it began.</param>
/// <param name="Nodes">What they had said of themselves.</param>
/// <param name="Results">For each member's address.</param>
internal sealed record ClusterExamination(
    MembershipView Members, InventoryView Nodes, ImmutableSortedDictionary<string, NodeExamination> Results);
