using System.Text.Json.Serialization;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Control;

/// <summary>The parameters of a method. They come from anybody who may open the socket.</summary>
public interface IControlParams
{
    /// <summary>What is wrong with these parameters beyond their JSON types; null when nothing is.</summary>
    string? FindProblem();
}

/// <summary>The parameters of a method whose rows can be had as the table that people read.</summary>
public interface ITableParams : IControlParams
{
    /// <summary>How the table is to look; null: rows are asked for, and a daemon that knows no tables is not told of them.</summary>
    TableForm? Table { get; }

    /// <summary>The same as a table.</summary>
    ITableParams As(TableForm form);
}

/// <summary>Which devices to list. A remote host is asked alone: it goes neither with a selector nor with local.</summary>
/// <param name="Selector">Only those that match; null: all.</param>
/// <param name="Local">Only this node's.</param>
/// <param name="Remote">HOST or HOST:PORT of a plain USB/IP server to ask instead of the cluster.</param>
/// <param name="Table">How they are to look as a table; null: as rows.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ListParams(
    string? Selector = null,
    bool Local = false,
    string? Remote = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TableForm? Table = null) : ITableParams
{
    /// <inheritdoc/>
    public string? FindProblem() =>
        Remote is not null && (Selector is not null || Local) ? "remote goes neither with a selector nor with local" : Table?.FindProblem();

    /// <inheritdoc/>
    public ITableParams As(TableForm form) => this with { Table = form };
}

/// <summary>Lists the nodes.</summary>
/// <param name="Table">How they are to look as a table; null: as rows.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NodesParams([property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TableForm? Table = null) : ITableParams
{
    /// <inheritdoc/>
    public string? FindProblem() => Table?.FindProblem();

    /// <inheritdoc/>
    public ITableParams As(TableForm form) => this with { Table = form };
}

/// <summary>Removes a node that can't be reached from the cluster, and its devices from every node's list, until it comes back by itself.</summary>
/// <param name="Node">Its name, or its cluster address (ADDR:PORT) as <c>nodes</c> shows it.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RemoveNodeParams(string Node) : IControlParams
{
    /// <inheritdoc/>
    public string? FindProblem() => Node.Length == 0 ? "node is empty" : null;
}

/// <summary>
/// Exports local devices, and keeps to it: what the selector names is exported again after a replug, a reboot and a restart of the daemon.
/// </summary>
/// <param name="Selector">The one device, unless <paramref name="All"/>.</param>
/// <param name="Name">A name for it in the cluster; null: none, or the one it has. Not with <paramref name="All"/>.</param>
/// <param name="All">Every local device that matches, now and later.</param>
/// <param name="Allow">Who may have it: rules such as <c>node=lab2</c>, <c>user=alice</c>, <c>10.1.0.0/16</c>, or several joined by commas, all
/// of which must match; null or empty: everybody who is not denied.</param>
/// <param name="Deny">Who may not, written in the same way; it goes before <paramref name="Allow"/>.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record BindParams(
    string Selector,
    string? Name = null,
    bool All = false,
    IReadOnlyList<string>? Allow = null,
    IReadOnlyList<string>? Deny = null) : IControlParams
{
    /// <summary>The most rules of one kind.</summary>
    public const int MostRules = 64;

    /// <inheritdoc/>
    public string? FindProblem() => this switch
    {
        { Selector.Length: 0 } => "selector is empty",
        { All: true, Name: not null } => "name and all exclude each other: a name is one device's",
        { Allow.Count: > MostRules } or { Deny.Count: > MostRules } => $"more than {MostRules} rules",
        _ => (Allow ?? []).Concat(Deny ?? []).Any(string.IsNullOrWhiteSpace) ? "a rule is empty" : null,
    };
}

/// <summary>Exports local devices no longer, and gives them back to their own drivers.</summary>
/// <param name="Selector">The one device, unless <paramref name="All"/>.</param>
/// <param name="All">Every local device that matches; a bind of all with the same selector ends.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record UnbindParams(string Selector, bool All = false) : IControlParams
{
    /// <inheritdoc/>
    public string? FindProblem() => Selector.Length == 0 ? "selector is empty" : null;
}

/// <summary>Takes this node's devices out of service: no new lease is given, and what is in use stays in use until it is detached.</summary>
/// <param name="Off">End the drain instead.</param>
/// <param name="WaitSeconds">Answer when nothing is in use any more, or with <see cref="ControlError.TimedOut"/> after so many seconds (the
/// drain goes on); null: answer at once. 0 to a week.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DrainParams(bool Off = false, double? WaitSeconds = null) : IControlParams
{
    /// <inheritdoc/>
    public string? FindProblem() => this switch
    {
        { Off: true, WaitSeconds: not null } => "off and waitSeconds exclude each other",
        { WaitSeconds: { } wait } when wait is not (>= 0 and <= AttachParams.LongestWait) =>
            $"waitSeconds is not between 0 and {AttachParams.LongestWait}",
        _ => null,
    };
}

/// <summary>Attaches a device here: one of the cluster by its selector, or one of a plain USB/IP server by host and bus id.</summary>
/// <param name="Selector">The one device; null with a remote host.</param>
/// <param name="RemoteHost">HOST or HOST:PORT of a plain USB/IP server; goes with <paramref name="RemoteBusId"/>.</param>
/// <param name="RemoteBusId">The device's bus id there.</param>
/// <param name="Once">Do not attach it again after a loss.</param>
/// <param name="WaitSeconds">Store the attachment at once and answer when the device is usable, or with
/// <see cref="ControlError.TimedOut"/> after so many seconds; null: answer when the socket is handed over. 0 to a week.</param>
/// <param name="Steal">Take the device from whoever holds it; goes with a selector.</param>
/// <param name="All">Keep every device attached that the selector matches, those that come later included; the wait is for all of them, at
/// least one.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AttachParams(
    string? Selector = null,
    string? RemoteHost = null,
    [property: JsonPropertyName("remoteBusid")] string? RemoteBusId = null,
    bool Once = false,
    double? WaitSeconds = null,
    bool Steal = false,
    bool All = false) : IControlParams
{
    /// <summary>The longest wait, in seconds: a week.</summary>
    public const double LongestWait = 7 * 24 * 3600;

    /// <inheritdoc/>
    public string? FindProblem() => this switch
    {
        { RemoteHost: null } and not { RemoteBusId: null } or { RemoteBusId: null } and not { RemoteHost: null }
            => "remoteHost and remoteBusid go together",
        { Selector: null, RemoteHost: null } => "selector, or remoteHost and remoteBusid, is missing",
        { Selector: not null, RemoteHost: not null } => "selector and remoteHost exclude each other",
        { Steal: true, Selector: null } => "steal goes with a selector: a plain USB/IP server knows no leases",
        { All: true, Selector: null } => "all goes with a selector",
        { All: true, Once: true } or { All: true, Steal: true } => "all excludes once and steal",
        { Selector: "" } or { RemoteHost: "" } or { RemoteBusId: "" } => "selector, remoteHost and remoteBusid may not be empty",
        { WaitSeconds: { } wait } when wait is not (>= 0 and <= LongestWait) => $"waitSeconds is not between 0 and {LongestWait}",
        _ => null,
    };
}

/// <summary>Detaches one attachment, or all of this node's.</summary>
/// <param name="Target">A port's number, an attachment's id, or a selector; null with all.</param>
/// <param name="All">Every attachment of this node.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DetachParams(string? Target = null, bool All = false) : IControlParams
{
    /// <inheritdoc/>
    public string? FindProblem() => this switch
    {
        { Target: null, All: false } => "target, or all, is missing",
        { Target: not null, All: true } => "target and all exclude each other",
        { Target: "" } => "target is empty",
        _ => null,
    };
}

/// <summary>Lists this node's attachments.</summary>
/// <param name="Table">How they are to look as a table; null: as rows.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record PortParams([property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TableForm? Table = null) : ITableParams
{
    /// <inheritdoc/>
    public string? FindProblem() => Table?.FindProblem();

    /// <inheritdoc/>
    public ITableParams As(TableForm form) => this with { Table = form };
}

/// <summary>Asks for the recent events.</summary>
/// <param name="Follow">And for every later one, until the connection is closed.</param>
/// <param name="Steps">Among the later ones also <see cref="EventKinds.AttachmentChanged"/> and <see cref="EventKinds.NodeChanged"/>, for who
/// shows things as they are: so no change of a row is missed. They are not kept.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record EventsParams(bool Follow = false, bool Steps = false) : IControlParams
{
    /// <inheritdoc/>
    public string? FindProblem() => Steps && !Follow ? "steps goes with follow" : null;
}

/// <summary>Asks how the node is.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record StatusParams : IControlParams
{
    /// <inheritdoc/>
    public string? FindProblem() => null;
}

/// <summary>Asks which daemon this is.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record VersionParams : IControlParams
{
    /// <inheritdoc/>
    public string? FindProblem() => null;
}
