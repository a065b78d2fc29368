using System.Text.Json.Serialization;

namespace UsbIpCluster.Control;

/// <summary>The parameters of a method. They come from anybody who may open the socket.</summary>
public interface IControlParams
{
    /// <summary>What is wrong with these parameters beyond their JSON types; null when nothing is.</summary>
    string? FindProblem();
}

/// <summary>Which devices to list. A remote host is asked alone: it goes neither with a selector nor with local.</summary>
/// <param name="Selector">Only those that match; null: all.</param>
/// <param name="Local">Only this node's.</param>
/// <param name="Remote">HOST or HOST:PORT of a plain USB/IP server to ask instead of the cluster.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ListParams(string? Selector = null, bool Local = false, string? Remote = null) : IControlParams
{
    /// <inheritdoc/>
    public string? FindProblem() =>
        Remote is not null && (Selector is not null || Local) ? "remote goes neither with a selector nor with local" : null;
}

/// <summary>Lists the nodes.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NodesParams : IControlParams
{
    /// <inheritdoc/>
    public string? FindProblem() => null;
}

/// <summary>Exports a local device.</summary>
/// <param name="Selector">The one device.</param>
/// <param name="Name">A name for it in the cluster; null: none, or the one it has.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record BindParams(string Selector, string? Name = null) : IControlParams
{
    /// <inheritdoc/>
    public string? FindProblem() => Selector.Length == 0 ? "selector is empty" : null;
}

/// <summary>Exports a local device no longer.</summary>
/// <param name="Selector">The one device.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record UnbindParams(string Selector) : IControlParams
{
    /// <inheritdoc/>
    public string? FindProblem() => Selector.Length == 0 ? "selector is empty" : null;
}

/// <summary>Attaches a device here: one of the cluster by its selector, or one of a plain USB/IP server by host and bus id.</summary>
/// <param name="Selector">The one device; null with a remote host.</param>
/// <param name="RemoteHost">HOST or HOST:PORT of a plain USB/IP server; goes with <paramref name="RemoteBusId"/>.</param>
/// <param name="RemoteBusId">The device's bus id there.</param>
/// <param name="Once">Do not attach it again after a loss.</param>
/// <param name="WaitSeconds">Store the attachment at once and answer when the device is usable, or with
/// <see cref="ControlError.TimedOut"/> after so many seconds; null: answer when the socket is handed over. 0 to a week.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AttachParams(
    string? Selector = null,
    string? RemoteHost = null,
    [property: JsonPropertyName("remoteBusid")] string? RemoteBusId = null,
    bool Once = false,
    double? WaitSeconds = null) : IControlParams
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
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record PortParams : IControlParams
{
    /// <inheritdoc/>
    public string? FindProblem() => null;
}

/// <summary>Asks for the recent events.</summary>
/// <param name="Follow">And for every later one, until the connection is closed.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record EventsParams(bool Follow = false) : IControlParams
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
