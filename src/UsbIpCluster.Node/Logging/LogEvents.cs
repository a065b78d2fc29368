using Microsoft.Extensions.Logging;

namespace UsbIpCluster.Node;

/// <summary>
/// Everything that the daemon logs. An id and a name never change their meaning and are never used again; docs/logs.md lists them, and what to
/// do. The placeholders are the fields: <c>{BusId}</c> is <c>busId</c> in JSON and <c>USBIPC_BUSID</c> in the journal. Nothing is put together
/// for a level that is not logged. 1000: the daemon; 2000: this node's devices; 3000: its attachments; 4000: the cluster; 5000: TLS;
/// 6000: the ports that are served.
/// </summary>
internal static partial class LogEvents
{
    [LoggerMessage(
        EventId = 1001,
        EventName = "serving",
        Level = LogLevel.Information,
        Message = "{Node} {Version} serves USB/IP on {Listen}, the cluster on {Cluster}, and commands at {Control}; exporters: {Exporters}; host controller: {HostController}")]
    public static partial void Serving(
        this ILogger log, string node, string version, string listen, string cluster, string control, string exporters, string hostController);

    [LoggerMessage(EventId = 1002, EventName = "role-off", Level = LogLevel.Warning, Message = "{Role} is off: {Error}; {Hint}")]
    public static partial void RoleOff(this ILogger log, string role, string error, string hint);

    [LoggerMessage(EventId = 1003, EventName = "backend", Level = LogLevel.Information, Message = "{Text}")]
    public static partial void Backend(this ILogger log, string text);

    [LoggerMessage(EventId = 1004, EventName = "control-trouble", Level = LogLevel.Warning, Message = "{Text}")]
    public static partial void ControlTrouble(this ILogger log, Exception? error, string text);

    [LoggerMessage(
        EventId = 1005,
        EventName = "begins-anew",
        Level = LogLevel.Warning,
        Message = "{Reason}: this node's actors begin anew; its sessions go on")]
    public static partial void BeginsAnew(this ILogger log, string reason);

    [LoggerMessage(
        EventId = 1006,
        EventName = "actors-left-behind",
        Level = LogLevel.Warning,
        Message = "this node's actors have not ended within {Seconds} s and are left behind")]
    public static partial void ActorsLeftBehind(this ILogger log, double seconds);

    [LoggerMessage(
        EventId = 1007, EventName = "actors-ended-badly", Level = LogLevel.Error, Message = "this node's actors did not end in order: {Error}")]
    public static partial void ActorsEndedBadly(this ILogger log, string error);

    [LoggerMessage(
        EventId = 1008, EventName = "cannot-begin-anew", Level = LogLevel.Error, Message = "this node's actors can't begin anew yet: {Error}")]
    public static partial void CannotBeginAnew(this ILogger log, string error);

    [LoggerMessage(
        EventId = 1009,
        EventName = "devices-late",
        Level = LogLevel.Warning,
        Message = "not all devices of this node are known after {Seconds} s; the others are served")]
    public static partial void DevicesLate(this ILogger log, double seconds);

    [LoggerMessage(
        EventId = 1010,
        EventName = "lines-lost",
        Level = LogLevel.Warning,
        Message = "{Count} lines came faster than they could be written, and are lost")]
    public static partial void LinesLost(this ILogger log, long count);

    [LoggerMessage(
        EventId = 1011,
        EventName = "watchdog",
        Level = LogLevel.Error,
        Message = "this node's actors have not answered for {Seconds:0.0} s; while they do not, the service manager is told nothing, and starts the daemon anew")]
    public static partial void WatchdogSilent(this ILogger log, double seconds);

    [LoggerMessage(EventId = 1012, EventName = "configuration-read", Level = LogLevel.Information, Message = "the configuration was read again: {Changed}")]
    public static partial void ConfigurationRead(this ILogger log, string changed);

    [LoggerMessage(
        EventId = 1013,
        EventName = "configuration-needs-restart",
        Level = LogLevel.Warning,
        Message = "the configuration differs in what needs a restart: {Keys}")]
    public static partial void ConfigurationNeedsRestart(this ILogger log, string keys);

    [LoggerMessage(
        EventId = 1014,
        EventName = "configuration-wrong",
        Level = LogLevel.Error,
        Message = "the configuration is wrong, and everything stays as it was: {Error}")]
    public static partial void ConfigurationWrong(this ILogger log, string error);

    [LoggerMessage(EventId = 1101, EventName = "hook-refused", Level = LogLevel.Warning, Message = "{Reason} (said once)")]
    public static partial void HookRefused(this ILogger log, string reason);

    [LoggerMessage(EventId = 1102, EventName = "hook-said", Level = LogLevel.Information, Message = "hook {Hook}, {Occasion}: {Text}")]
    public static partial void HookSaid(this ILogger log, string hook, string occasion, string text);

    [LoggerMessage(EventId = 1103, EventName = "hook-failed", Level = LogLevel.Warning, Message = "hook {Hook}, {Occasion}: it {Problem}")]
    public static partial void HookFailed(this ILogger log, string hook, string occasion, string problem);

    [LoggerMessage(
        EventId = 1104,
        EventName = "hooks-dropped",
        Level = LogLevel.Warning,
        Message = "{Count} events had no hooks: those of {Running} events run already, and {Waiting} wait")]
    public static partial void HooksDropped(this ILogger log, long count, int running, int waiting);

    [LoggerMessage(EventId = 2001, EventName = "ledger", Level = LogLevel.Error, Message = "{Problem}")]
    public static partial void Ledger(this ILogger log, string node, string busId, string problem);

    [LoggerMessage(
        EventId = 2002,
        EventName = "bind-failed",
        Level = LogLevel.Warning,
        Message = "{Node}/{BusId} is to be exported and can't be bound: {Error}")]
    public static partial void BindFailed(this ILogger log, string node, string busId, string error);

    [LoggerMessage(EventId = 2003, EventName = "lease-not-kept", Level = LogLevel.Warning, Message = "{Node}/{BusId}: {Error}")]
    public static partial void LeaseNotKept(this ILogger log, string node, string busId, string error);

    [LoggerMessage(
        EventId = 2004, EventName = "stolen", Level = LogLevel.Information, Message = "{Node}/{BusId} was taken from {Former} by {Holder}")]
    public static partial void Stolen(this ILogger log, string node, string busId, string former, string holder);

    [LoggerMessage(
        EventId = 2005,
        EventName = "resume-failed",
        Level = LogLevel.Warning,
        Message = "{Node}/{BusId} could not be given back to {Holder}: {Error}")]
    public static partial void ResumeFailed(this ILogger log, string node, string busId, string holder, string error);

    [LoggerMessage(
        EventId = 2006, EventName = "rebind-failed", Level = LogLevel.Warning, Message = "{Node}/{BusId} could not be bound anew: {Error}")]
    public static partial void RebindFailed(this ILogger log, string node, string busId, string error);

    [LoggerMessage(
        EventId = 2007,
        EventName = "device-faulted",
        Level = LogLevel.Error,
        Message = "the driver of {Node}/{BusId} reports an error, and binding it anew {Times} times did not help; unbind and bind it, or replug it")]
    public static partial void DeviceFaulted(this ILogger log, string node, string busId, int times);

    [LoggerMessage(EventId = 2008, EventName = "denied", Level = LogLevel.Warning, Message = "{Reason} (said once)")]
    public static partial void Denied(this ILogger log, string node, string busId, string holder, string reason);

    [LoggerMessage(
        EventId = 2009,
        EventName = "hand-over-failed",
        Level = LogLevel.Warning,
        Message = "{Node}/{BusId} could not be given to {Holder}: {Error}")]
    public static partial void HandOverFailed(this ILogger log, string node, string busId, string holder, string error);

    [LoggerMessage(EventId = 2010, EventName = "exports-unreadable", Level = LogLevel.Error, Message = "{Problem}")]
    public static partial void ExportsUnreadable(this ILogger log, string problem);

    [LoggerMessage(
        EventId = 2011, EventName = "protected-exported", Level = LogLevel.Warning, Message = "{Node}/{BusId} is exported although {Protection}")]
    public static partial void ProtectedExported(this ILogger log, string node, string busId, string protection);

    [LoggerMessage(EventId = 2012, EventName = "name-conflict", Level = LogLevel.Warning, Message = "{Reason}")]
    public static partial void NameConflict(this ILogger log, string node, string busId, string reason);

    [LoggerMessage(
        EventId = 2013,
        EventName = "withdraw-failed",
        Level = LogLevel.Warning,
        Message = "{Node}/{BusId} is to be exported no longer and can't be unbound: {Error}")]
    public static partial void WithdrawFailed(this ILogger log, string node, string busId, string error);

    [LoggerMessage(EventId = 2101, EventName = "device-added", Level = LogLevel.Information, Message = "{Node}/{BusId} is here")]
    public static partial void DeviceAdded(this ILogger log, string node, string? busId);

    [LoggerMessage(EventId = 2102, EventName = "device-removed", Level = LogLevel.Information, Message = "{Node}/{BusId} is gone")]
    public static partial void DeviceRemoved(this ILogger log, string node, string? busId);

    [LoggerMessage(EventId = 2103, EventName = "session-started", Level = LogLevel.Information, Message = "{Node}/{BusId} was given to {Holder}")]
    public static partial void SessionStarted(this ILogger log, string node, string? busId, string? holder);

    [LoggerMessage(
        EventId = 2104, EventName = "session-ended", Level = LogLevel.Information, Message = "the session of {Node}/{BusId} with {Holder} has ended")]
    public static partial void SessionEnded(this ILogger log, string node, string? busId, string? holder);

    [LoggerMessage(EventId = 2105, EventName = "device-changed", Level = LogLevel.Debug, Message = "{Node}/{BusId} is {State}, held by {Holder}")]
    public static partial void DeviceChanged(this ILogger log, string node, string? busId, string? state, string? holder);

    [LoggerMessage(EventId = 3001, EventName = "attachments-unreadable", Level = LogLevel.Error, Message = "{Problem}")]
    public static partial void AttachmentsUnreadable(this ILogger log, string problem);

    [LoggerMessage(
        EventId = 3002,
        EventName = "rule-too-wide",
        Level = LogLevel.Warning,
        Message = "'{Selector}' matches more devices than the {Most} attachments that this node keeps")]
    public static partial void RuleTooWide(this ILogger log, string selector, int most);

    [LoggerMessage(
        EventId = 3003, EventName = "rule-not-kept", Level = LogLevel.Warning, Message = "what a rule attaches can't be kept: {Error}")]
    public static partial void RuleNotKept(this ILogger log, string error);

    [LoggerMessage(
        EventId = 3004, EventName = "attachments-not-kept", Level = LogLevel.Warning, Message = "the attachments can't be kept: {Error}")]
    public static partial void AttachmentsNotKept(this ILogger log, string error);

    [LoggerMessage(EventId = 3005, EventName = "holder-ended", Level = LogLevel.Information, Message = "{Holder} has ended: {Attachments} detached")]
    public static partial void HolderEnded(this ILogger log, string holder, string attachments);

    [LoggerMessage(
        EventId = 3006,
        EventName = "hold-not-ended",
        Level = LogLevel.Warning,
        Message = "{Attachment} can't be detached and is tried again: {Error}")]
    public static partial void HoldNotEnded(this ILogger log, string attachment, string error);

    [LoggerMessage(
        EventId = 3101,
        EventName = "attached",
        Level = LogLevel.Information,
        Message = "{Attachment} ({Device}) is attached to port {Port}, after {Milliseconds} ms")]
    public static partial void Attached(
        this ILogger log, string node, string? busId, string? attachment, string? device, int? port, double? milliseconds);

    [LoggerMessage(
        EventId = 3102, EventName = "attach-failed", Level = LogLevel.Warning, Message = "{Attachment} ({Device}) is not attached: {Reason}")]
    public static partial void AttachFailed(
        this ILogger log, string node, string? busId, string? attachment, string? device, string? reason);

    [LoggerMessage(
        EventId = 3103, EventName = "lost", Level = LogLevel.Warning, Message = "{Attachment} ({Device}) has lost port {Port}: {Reason}")]
    public static partial void Lost(
        this ILogger log, string node, string? busId, string? attachment, string? device, int? port, string? reason);

    [LoggerMessage(
        EventId = 3104,
        EventName = "reattached",
        Level = LogLevel.Information,
        Message = "{Attachment} ({Device}) is attached to port {Port} again, {Milliseconds} ms after it was lost")]
    public static partial void Reattached(
        this ILogger log, string node, string? busId, string? attachment, string? device, int? port, double? milliseconds);

    [LoggerMessage(
        EventId = 3105, EventName = "adopted", Level = LogLevel.Information, Message = "{Attachment} ({Device}) still has port {Port}")]
    public static partial void Adopted(this ILogger log, string node, string? busId, string? attachment, string? device, int? port);

    [LoggerMessage(EventId = 3106, EventName = "detached", Level = LogLevel.Information, Message = "{Attachment} ({Device}) was detached")]
    public static partial void Detached(this ILogger log, string node, string? busId, string? attachment, string? device, int? port);

    [LoggerMessage(EventId = 4001, EventName = "seed-unknown", Level = LogLevel.Warning, Message = "the seed {Seed} is not known: {Error}")]
    public static partial void SeedUnknown(this ILogger log, string seed, string error);

    [LoggerMessage(EventId = 4002, EventName = "members-not-kept", Level = LogLevel.Warning, Message = "the members can't be kept: {Error}")]
    public static partial void MembersNotKept(this ILogger log, string error);

    [LoggerMessage(EventId = 4003, EventName = "members-unreadable", Level = LogLevel.Error, Message = "{Problem}")]
    public static partial void MembersUnreadable(this ILogger log, string problem);

    [LoggerMessage(
        EventId = 4004,
        EventName = "member-given-up",
        Level = LogLevel.Warning,
        Message = "{Address} has been unreachable for {Time}: it is removed")]
    public static partial void MemberGivenUp(this ILogger log, string address, TimeSpan time);

    [LoggerMessage(
        EventId = 4005, EventName = "nobody-known", Level = LogLevel.Information, Message = "there is nobody to knock at: forming a cluster")]
    public static partial void NobodyKnown(this ILogger log);

    [LoggerMessage(EventId = 4006, EventName = "nobody-answers", Level = LogLevel.Information, Message = "nobody has answered: forming a cluster")]
    public static partial void NobodyAnswers(this ILogger log);

    [LoggerMessage(
        EventId = 4007,
        EventName = "in-cluster",
        Level = LogLevel.Information,
        Message = "in the cluster that was formed at {FormedAt:u} ({ClusterId})")]
    public static partial void InCluster(this ILogger log, DateTimeOffset formedAt, Guid clusterId);

    [LoggerMessage(EventId = 4008, EventName = "inventory", Level = LogLevel.Warning, Message = "{Text}")]
    public static partial void Inventory(this ILogger log, string text);

    [LoggerMessage(
        EventId = 4009,
        EventName = "examination-refused",
        Level = LogLevel.Warning,
        Message = "{Peer} is no member of the cluster, and examines nothing here (said once)")]
    public static partial void ExaminationRefused(this ILogger log, string peer);

    [LoggerMessage(EventId = 4101, EventName = "node-up", Level = LogLevel.Information, Message = "{Node} is in the cluster")]
    public static partial void NodeUp(this ILogger log, string node);

    [LoggerMessage(EventId = 4102, EventName = "node-reachable", Level = LogLevel.Information, Message = "{Node} answers again")]
    public static partial void NodeReachable(this ILogger log, string node);

    [LoggerMessage(EventId = 4103, EventName = "node-unreachable", Level = LogLevel.Warning, Message = "{Node} does not answer")]
    public static partial void NodeUnreachable(this ILogger log, string node);

    [LoggerMessage(EventId = 4104, EventName = "node-removed", Level = LogLevel.Information, Message = "{Node} is no longer in the cluster")]
    public static partial void NodeRemoved(this ILogger log, string node);

    /// <summary>What the actors' own system says: who joins and leaves, connections that fail, actors that fail. At its own level.</summary>
    [LoggerMessage(EventId = 4900, EventName = "actors", Message = "{Source}: {Text}")]
    public static partial void Actors(this ILogger log, LogLevel level, Exception? error, string source, string? text);

    [LoggerMessage(
        EventId = 5001,
        EventName = "certificate-renewed",
        Level = LogLevel.Information,
        Message = "the new certificate of {Node} holds for new connections; it ends on {Ends}")]
    public static partial void CertificateRenewed(this ILogger log, string node, string ends);

    [LoggerMessage(
        EventId = 5002,
        EventName = "certificate-broken",
        Level = LogLevel.Warning,
        Message = "new TLS files can't be used, the old ones stay in use: {Reason}")]
    public static partial void CertificateBroken(this ILogger log, string node, string reason);

    [LoggerMessage(
        EventId = 5003,
        EventName = "certificate-ends",
        Level = LogLevel.Warning,
        Message = "the certificate of {Node}, or its CA's, {When}: {Hint}")]
    public static partial void CertificateEnds(this ILogger log, string node, string when, string hint);

    [LoggerMessage(
        EventId = 6001,
        EventName = "plain-client-refused",
        Level = LogLevel.Warning,
        Message = "{Peer} is refused: it is no node of the cluster and not in plainClients (said once)")]
    public static partial void PlainClientRefused(this ILogger log, string peer);

    [LoggerMessage(
        EventId = 6002,
        EventName = "connection-closed",
        Level = LogLevel.Warning,
        Message = "a connection of {Peer} was closed: {Reason} (said once)")]
    public static partial void ConnectionClosed(this ILogger log, string peer, string reason);

    [LoggerMessage(EventId = 6003, EventName = "accept-failed", Level = LogLevel.Warning, Message = "accept on {Listen} failed: {Error}")]
    public static partial void AcceptFailed(this ILogger log, string? listen, string error);

    [LoggerMessage(EventId = 6004, EventName = "http-serving", Level = LogLevel.Information, Message = "metrics and health are served at http://{Listen}")]
    public static partial void HttpServing(this ILogger log, string listen);
}
