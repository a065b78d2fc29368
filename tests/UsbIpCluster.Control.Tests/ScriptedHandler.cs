using UsbIpCluster.Control;

namespace UsbIpCluster.Testing;

/// <summary>A daemon whose answers a test writes down. Remembers what it was asked.</summary>
internal sealed class ScriptedHandler : IControlHandler
{
    public Func<ListParams, CancellationToken, Task<IReadOnlyList<DeviceRow>>> List { get; set; } = (_, _) => Rows<DeviceRow>();

    public Func<NodesParams, CancellationToken, Task<IReadOnlyList<NodeRow>>> Nodes { get; set; } = (_, _) => Rows<NodeRow>();

    public Func<RemoveNodeParams, CancellationToken, Task<IReadOnlyList<NodeRow>>> RemoveNode { get; set; } = (_, _) => Rows<NodeRow>();

    public Func<BindParams, CancellationToken, Task<IReadOnlyList<DeviceRow>>> Bind { get; set; } = (_, _) => Rows<DeviceRow>();

    public Func<UnbindParams, CancellationToken, Task<IReadOnlyList<DeviceRow>>> Unbind { get; set; } = (_, _) => Rows<DeviceRow>();

    public Func<DrainParams, CancellationToken, Task<IReadOnlyList<DeviceRow>>> Drain { get; set; } = (_, _) => Rows<DeviceRow>();

    public Func<AttachParams, CancellationToken, Task<IReadOnlyList<PortRow>>> Attach { get; set; } = (_, _) => Rows<PortRow>();

    public Func<HoldParams, CancellationToken, Task<IReadOnlyList<PortRow>>> Hold { get; set; } = (_, _) => Rows<PortRow>();

    public Func<DetachParams, CancellationToken, Task<IReadOnlyList<PortRow>>> Detach { get; set; } = (_, _) => Rows<PortRow>();

    public Func<PortParams, CancellationToken, Task<IReadOnlyList<PortRow>>> Port { get; set; } = (_, _) => Rows<PortRow>();

    public Func<EventsParams, CancellationToken, Task<EventStream>> Events { get; set; } = (_, _) => Task.FromResult(new EventStream([], null));

    public StatusRow Status { get; set; } = new(
        new VersionRow("1.2.3", "lab1", 4711, ".NET 10.0.0", "1.1.1", DateTimeOffset.UnixEpoch),
        new ClusterStatusRow("10.0.0.1:7240", "up", 1, 1, null),
        new ExportStatusRow(["kernel"], "[::]:3240", 0, 0, 0, false),
        new AttachmentStatusRow("kernel", 0, 0, 0, 0),
        []);

    public Func<DoctorParams, CancellationToken, Task<DoctorReport>> Doctor { get; set; } = (_, _) => Task.FromResult(DoctorReport.Of([]));

    public VersionRow Daemon { get; set; } = new("1.2.3", "lab1", 4711, ".NET 10.0.0", "1.1.1", DateTimeOffset.UnixEpoch);

    public ControlCaller? Caller { get; private set; }

    public static Task<IReadOnlyList<T>> Rows<T>(params T[] rows) => Task.FromResult<IReadOnlyList<T>>(rows);

    /// <summary>A handler's member that waits until it is cancelled, and tells when it has begun and when it was cancelled.</summary>
    public static Func<TParams, CancellationToken, Task<IReadOnlyList<T>>> Hang<TParams, T>(TaskCompletionSource? begun = null, TaskCompletionSource? cancelled = null) =>
        async (_, cancellationToken) =>
        {
            var end = new TaskCompletionSource();
            await using var registration = cancellationToken.Register(end.SetResult);
            begun?.TrySetResult();
            await end.Task;
            cancelled?.TrySetResult();
            throw new OperationCanceledException(cancellationToken);
        };

    Task<IReadOnlyList<DeviceRow>> IControlHandler.ListAsync(ListParams request, ControlCaller caller, CancellationToken cancellationToken)
    {
        Caller = caller;
        return List(request, cancellationToken);
    }

    Task<IReadOnlyList<NodeRow>> IControlHandler.NodesAsync(NodesParams request, ControlCaller caller, CancellationToken cancellationToken) =>
        Nodes(request, cancellationToken);

    Task<IReadOnlyList<NodeRow>> IControlHandler.RemoveNodeAsync(RemoveNodeParams request, ControlCaller caller, CancellationToken cancellationToken) =>
        RemoveNode(request, cancellationToken);

    Task<IReadOnlyList<DeviceRow>> IControlHandler.BindAsync(BindParams request, ControlCaller caller, CancellationToken cancellationToken) =>
        Bind(request, cancellationToken);

    Task<IReadOnlyList<DeviceRow>> IControlHandler.UnbindAsync(UnbindParams request, ControlCaller caller, CancellationToken cancellationToken) =>
        Unbind(request, cancellationToken);

    Task<IReadOnlyList<DeviceRow>> IControlHandler.DrainAsync(DrainParams request, ControlCaller caller, CancellationToken cancellationToken) =>
        Drain(request, cancellationToken);

    Task<IReadOnlyList<PortRow>> IControlHandler.AttachAsync(AttachParams request, ControlCaller caller, CancellationToken cancellationToken) =>
        Attach(request, cancellationToken);

    Task<IReadOnlyList<PortRow>> IControlHandler.HoldAsync(HoldParams request, ControlCaller caller, CancellationToken cancellationToken)
    {
        Caller = caller;
        return Hold(request, cancellationToken);
    }

    Task<IReadOnlyList<PortRow>> IControlHandler.DetachAsync(DetachParams request, ControlCaller caller, CancellationToken cancellationToken) =>
        Detach(request, cancellationToken);

    Task<IReadOnlyList<PortRow>> IControlHandler.PortAsync(PortParams request, ControlCaller caller, CancellationToken cancellationToken) =>
        Port(request, cancellationToken);

    Task<EventStream> IControlHandler.EventsAsync(EventsParams request, ControlCaller caller, CancellationToken cancellationToken) =>
        Events(request, cancellationToken);

    Task<StatusRow> IControlHandler.StatusAsync(StatusParams request, ControlCaller caller, CancellationToken cancellationToken) =>
        Task.FromResult(Status);

    Task<VersionRow> IControlHandler.VersionAsync(VersionParams request, ControlCaller caller, CancellationToken cancellationToken) =>
        Task.FromResult(Daemon);

    Task<DoctorReport> IControlHandler.DoctorAsync(DoctorParams request, ControlCaller caller, CancellationToken cancellationToken) =>
        Doctor(request, cancellationToken);
}
