namespace UsbIpCluster.Control;

/// <summary>
/// The recent events, and the later ones without a gap or an overlap. What the later ones are read from is to be given up when the token of
/// <see cref="IControlHandler.EventsAsync"/> is cancelled: a client that has gone by then never reads them.
/// </summary>
/// <param name="Recent">Those that the daemon keeps, oldest first.</param>
/// <param name="Later">Every one after them, until cancelled; null when the request did not ask to follow. It ends when the daemon stops, or
/// when this reader is too slow; either closes the connection.</param>
public sealed record EventStream(IReadOnlyList<EventRow> Recent, IAsyncEnumerable<EventRow>? Later);

/// <summary>
/// What the daemon does for a control connection. Called from any thread, several at once. The token is cancelled when the client
/// disconnects or the server stops; the handler decides whether work in progress is finished nevertheless.
/// A <see cref="ControlException"/> is told to the client as it is; any other exception as a failure without details.
/// Parameters are well-formed (<see cref="IControlParams.FindProblem"/> found nothing); what selectors and names mean is for the handler to check.
/// </summary>
public interface IControlHandler
{
    /// <summary>The devices of the cluster, of this node, or of a plain USB/IP server.</summary>
    Task<IReadOnlyList<DeviceRow>> ListAsync(ListParams request, ControlCaller caller, CancellationToken cancellationToken);

    /// <summary>The nodes of the cluster.</summary>
    Task<IReadOnlyList<NodeRow>> NodesAsync(NodesParams request, ControlCaller caller, CancellationToken cancellationToken);

    /// <summary>Removes a node that can't be reached from the cluster.</summary>
    Task<IReadOnlyList<NodeRow>> RemoveNodeAsync(RemoveNodeParams request, ControlCaller caller, CancellationToken cancellationToken);

    /// <summary>Exports local devices.</summary>
    Task<IReadOnlyList<DeviceRow>> BindAsync(BindParams request, ControlCaller caller, CancellationToken cancellationToken);

    /// <summary>Exports local devices no longer.</summary>
    Task<IReadOnlyList<DeviceRow>> UnbindAsync(UnbindParams request, ControlCaller caller, CancellationToken cancellationToken);

    /// <summary>Takes this node's devices out of service, or puts them back.</summary>
    Task<IReadOnlyList<DeviceRow>> DrainAsync(DrainParams request, ControlCaller caller, CancellationToken cancellationToken);

    /// <summary>Attaches a device here.</summary>
    Task<IReadOnlyList<PortRow>> AttachAsync(AttachParams request, ControlCaller caller, CancellationToken cancellationToken);

    /// <summary>
    /// Attaches devices here for as long as the caller lives. The token is cancelled at the end of its connection, later on too.
    /// </summary>
    Task<IReadOnlyList<PortRow>> HoldAsync(HoldParams request, ControlCaller caller, CancellationToken cancellationToken);

    /// <summary>Detaches devices here.</summary>
    Task<IReadOnlyList<PortRow>> DetachAsync(DetachParams request, ControlCaller caller, CancellationToken cancellationToken);

    /// <summary>This node's attachments.</summary>
    Task<IReadOnlyList<PortRow>> PortAsync(PortParams request, ControlCaller caller, CancellationToken cancellationToken);

    /// <summary>The recent events, and the later ones when asked for.</summary>
    Task<EventStream> EventsAsync(EventsParams request, ControlCaller caller, CancellationToken cancellationToken);

    /// <summary>How the node is.</summary>
    Task<StatusRow> StatusAsync(StatusParams request, ControlCaller caller, CancellationToken cancellationToken);

    /// <summary>Which daemon this is.</summary>
    Task<VersionRow> VersionAsync(VersionParams request, ControlCaller caller, CancellationToken cancellationToken);

    /// <summary>Examines this node, and how the nodes reach each other.</summary>
    Task<DoctorReport> DoctorAsync(DoctorParams request, ControlCaller caller, CancellationToken cancellationToken);
}
