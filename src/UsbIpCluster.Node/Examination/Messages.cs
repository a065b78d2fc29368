using System.Collections.Immutable;

namespace UsbIpCluster.Node;

/// <summary>
/// From node to node: try whether you reach the others. There is nothing in it to connect to: who is asked knows the members himself.
/// Answered with <see cref="ExaminationBegun"/> at once, and with <see cref="ExaminationDone"/> unless it was busy.
/// </summary>
/// <param name="Question">Comes back with the answers.</param>
/// <param name="Within">How long it may take.</param>
internal sealed record Examine(Guid Question, TimeSpan Within) : INodeMessage;

/// <summary>From node to node: I have begun, or am busy with somebody else's examination.</summary>
/// <param name="Question">Of the <see cref="Examine"/>.</param>
/// <param name="Time">The time here.</param>
/// <param name="Busy">Whether it was refused: one is carried out at a time.</param>
internal sealed record ExaminationBegun(Guid Question, DateTimeOffset Time, bool Busy) : INodeMessage;

/// <summary>From node to node: this is whom I reach.</summary>
/// <param name="Question">Of the <see cref="Examine"/>.</param>
/// <param name="Probes">What was tried.</param>
internal sealed record ExaminationDone(Guid Question, ImmutableArray<Probe> Probes) : INodeMessage
{
    /// <summary>The most that are told.</summary>
    public const int MaxProbes = 1024;
}

/// <summary>One of a node's ports.</summary>
internal enum Door
{
    /// <summary>Where it serves the cluster.</summary>
    Cluster,

    /// <summary>Where it serves USB/IP.</summary>
    UsbIp,
}

/// <summary>One attempt to connect.</summary>
/// <param name="Target">The cluster address of whom.</param>
/// <param name="Door">Which port.</param>
/// <param name="Endpoint">Where.</param>
/// <param name="Failure">Why it failed, one line; null when it did not.</param>
internal sealed record Probe(
    string Target, Door Door, NetworkAddress Endpoint, [property: System.Text.Json.Serialization.JsonRequired] string? Failure)
{
    /// <summary>The longest reason, in characters.</summary>
    public const int MaxFailure = 256;
}
