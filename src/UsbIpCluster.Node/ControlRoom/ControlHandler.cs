using System.Collections.Immutable;
using Akka.Actor;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>The actors that the control socket asks.</summary>
internal sealed record ControlActors(
    IActorRef Inventory, IActorRef Membership, IActorRef Exports, IActorRef Attachments, IActorRef Doctor);

/// <summary>What the control socket's methods mean: each asks an actor and shapes the answer.</summary>
/// <param name="present">The node's actors as they are now; while they begin anew, the next ones.</param>
/// <param name="events">What has happened.</param>
/// <param name="facts">What the actors do not know.</param>
/// <param name="doctor">Examines it.</param>
/// <param name="ports">This host's ports.</param>
internal sealed partial class ControlHandler(
    Func<Task<NodeLife>> present, EventLog events, NodeFacts facts, DoctorDesk doctor, LocalPorts ports) : IControlHandler
{
    private static readonly TimeSpan Quick = TimeSpan.FromSeconds(5);

    // Each takes a millisecond or two, and a server may claim to have any number of kinds of devices.
    private const int MostNames = 256;

    // A bind can wait for a driver to let go; an attach for a lease, a connection and the answer to its import.
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(30);

    public async Task<IReadOnlyList<DeviceRow>> ListAsync(ListParams request, ControlCaller caller, CancellationToken cancellationToken)
    {
        if (request.Remote is { } remote)
            return await ListRemoteAsync(ParseServer(remote));
        var view = await ViewAsync();
        var devices = request.Selector is { } text ? view.Find(Parse(text)) : view.Devices;
        return [.. devices.Where(device => !request.Local || device.Node == view.Self).Select(Rows.Of)];
    }

    public async Task<IReadOnlyList<NodeRow>> NodesAsync(NodesParams request, ControlCaller caller, CancellationToken cancellationToken) =>
        [.. (await NodesAsync()).Select(node => node.Row)];

    public async Task<IReadOnlyList<NodeRow>> RemoveNodeAsync(RemoveNodeParams request, ControlCaller caller, CancellationToken cancellationToken)
    {
        var nodes = (await NodesAsync()).Where(node => IsMeant(node.Row, request.Node)).ToArray();
        if (nodes is not [var (address, row)])
        {
            throw nodes.Length == 0
                ? new ControlException(ControlError.NotFound, $"there is no node {request.Node}", "usbipc nodes shows them")
                : new ControlException(
                    ControlError.Usage,
                    $"{nodes.Length} nodes are called {request.Node}",
                    "name the one by its address",
                    [.. nodes.Select(other => $"{other.Row.Node} at {other.Row.Address}")]);
        }

        await OrderAsync<MembershipActor.Gone>(actors => actors.Membership, new MembershipActor.Remove(address), Quick);
        return [row];
    }

    public async Task<IReadOnlyList<DeviceRow>> BindAsync(BindParams request, ControlCaller caller, CancellationToken cancellationToken)
    {
        var view = await ViewAsync();
        var selector = Parse(request.Selector);
        var devices = Local(view, selector, request.All);
        if (devices.Length == 0)
            throw NoLocalDevice(view, selector);
        if (request.Name is { } name)
            CheckName(view, devices[0], name);
        Access? access = request is { Allow: null, Deny: null } ? null : new Access(Rules(request.Allow), Rules(request.Deny));
        var bind = new ExportManager.Bind(selector, [.. devices.Select(device => device.Device.BusId)], request.All, request.Name, access);
        return RowsOf(view, await OrderAsync<ExportManager.Done>(actors => actors.Exports, bind, Slow));
    }

    public async Task<IReadOnlyList<DeviceRow>> UnbindAsync(UnbindParams request, ControlCaller caller, CancellationToken cancellationToken)
    {
        var view = await ViewAsync();
        var selector = Parse(request.Selector);
        var devices = Local(view, selector, request.All);
        if (devices.Length > 0)
        {
            var unbind = new ExportManager.Unbind([.. devices.Select(device => device.Device.BusId)], request.All ? selector : null);
            return RowsOf(view, await OrderAsync<ExportManager.Done>(actors => actors.Exports, unbind, Slow));
        }

        // A device that is to be exported when it comes, and is not here.
        var forgotten = await OrderAsync<ExportManager.Forgotten>(actors => actors.Exports, new ExportManager.Forget(selector), Quick);
        return forgotten.Any ? [] : throw NoLocalDevice(view, selector);
    }

    public async Task<IReadOnlyList<DeviceRow>> DrainAsync(DrainParams request, ControlCaller caller, CancellationToken cancellationToken)
    {
        TimeSpan? wait = request.WaitSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        var used = await OrderAsync<ExportManager.Used>(actors => actors.Exports, new ExportManager.Drain(request.Off, wait), (wait ?? TimeSpan.Zero) + Quick);
        var view = await ViewAsync();
        return [.. used.BusIds.Select(busId => view.Find(view.Self, busId)).OfType<ClusterDevice>().Select(Rows.Of)];
    }

    public async Task<IReadOnlyList<PortRow>> AttachAsync(AttachParams request, ControlCaller caller, CancellationToken cancellationToken)
    {
        AttachmentTarget target = request is { RemoteHost: { } host, RemoteBusId: { } busId }
            ? new AttachmentTarget.Plain(ParseServer(host), ParseBusId(busId))
            : new AttachmentTarget.Device(Parse(request.Selector!));
        TimeSpan? wait = request.WaitSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        var patience = (wait ?? TimeSpan.Zero) + Slow;
        if (request.All && target is AttachmentTarget.Device { Selector: var match })
        {
            var all = new AttachmentManager.AttachAll(match, wait, caller.User);
            var snapshot = await OrderAsync<AttachmentManager.Snapshot>(actors => actors.Attachments, all, patience);
            await KeepAsync();
            return ports.WithNodes(Rows.Of(snapshot));
        }

        var attach = new AttachmentManager.Attach(target, request.Once, wait, caller.User, request.Steal);
        var status = await OrderAsync<AttachmentStatus>(actors => actors.Attachments, attach, patience);
        await KeepAsync();
        return ports.WithNodes([Rows.Of(status)]);
    }

    public async Task<IReadOnlyList<PortRow>> DetachAsync(DetachParams request, ControlCaller caller, CancellationToken cancellationToken)
    {
        return Rows.Of(await OrderAsync<AttachmentManager.Snapshot>(actors => actors.Attachments, new AttachmentManager.Detach(request.Target), Slow));
    }

    public async Task<IReadOnlyList<PortRow>> PortAsync(PortParams request, ControlCaller caller, CancellationToken cancellationToken)
    {
        var question = new AttachmentManager.GetSnapshot();
        return ports.WithNodes(Rows.Of(await LookUpAsync<AttachmentManager.Snapshot>(actors => actors.Attachments, question)));
    }

    public Task<Control.EventStream> EventsAsync(EventsParams request, ControlCaller caller, CancellationToken cancellationToken) =>
        Task.FromResult(events.Open(request.Follow, cancellationToken, request.Steps));

    public async Task<StatusRow> StatusAsync(StatusParams request, ControlCaller caller, CancellationToken cancellationToken)
    {
        var nodes = (await NodesAsync()).Select(node => node.Row).ToArray();
        var snapshot = await LookUpAsync<AttachmentManager.Snapshot>(actors => actors.Attachments, new AttachmentManager.GetSnapshot());
        return StatusReport.Of(facts, nodes, await ViewAsync(), snapshot, DateTimeOffset.UtcNow);
    }

    public Task<VersionRow> VersionAsync(VersionParams request, ControlCaller caller, CancellationToken cancellationToken) =>
        Task.FromResult(facts.Daemon);

    public async Task<DoctorReport> DoctorAsync(DoctorParams request, ControlCaller caller, CancellationToken cancellationToken)
    {
        var within = TimeSpan.FromSeconds(request.PatienceSeconds ?? DoctorParams.Most);
        var life = await PresentAsync();
        try
        {
            return await doctor.ExamineAsync(life.Actors.Doctor, within, life.Ended);
        }
        catch (AskTimeoutException error)
        {
            throw new ControlException(
                ControlError.TimedOut,
                $"the nodes were not examined within {within.TotalSeconds:0.#} s",
                "run usbipc doctor again; --timeout 15s gives it as long as it can take",
                innerException: error);
        }
        catch (OperationCanceledException error) when (life.Ended.IsCancellationRequested)
        {
            throw new ControlException(
                ControlError.Failed, "this node changed its cluster meanwhile", "run usbipc doctor again", innerException: error);
        }
    }

    private async Task<IEnumerable<(string Address, NodeRow Row)>> NodesAsync()
    {
        var view = await ViewAsync();
        var members = await LookUpAsync<MembershipView>(actors => actors.Membership, new MembershipActor.GetMembers());
        var known = view.Nodes.Values.ToDictionary(node => node.Entry.Address, StringComparer.Ordinal);
        return known.Keys.Union(members.Members.Keys, StringComparer.Ordinal)
            .Select(address => (Address: address, Row: Row(address, known.GetValueOrDefault(address), members, view.Self)))
            .OrderBy(node => node.Row.Node, StringComparer.OrdinalIgnoreCase);
    }

    // A daemon that is killed right after an answer is followed by one that adopts what was answered. Without the disk it is attached all the same.
    private async Task KeepAsync()
    {
        try
        {
            await LookUpAsync<AttachmentManager.AllKept>(actors => actors.Attachments, new AttachmentManager.GetKept());
        }
        catch (ControlException)
        {
        }
    }

    private async Task<InventoryView> ViewAsync() =>
        (await LookUpAsync<InventoryActor.Changed>(actors => actors.Inventory, new InventoryActor.GetView())).View;

    // What changes nothing is asked again when the actors begin anew meanwhile.
    private async Task<T> LookUpAsync<T>(Func<ControlActors, IActorRef> whom, object question)
    {
        while (true)
        {
            var life = await PresentAsync();
            try
            {
                return await AskAsync<T>(life, whom, question, Quick);
            }
            catch (OperationCanceledException) when (life.Ended.IsCancellationRequested)
            {
                // The next ones know as well.
            }
        }
    }

    private async Task<T> OrderAsync<T>(Func<ControlActors, IActorRef> whom, object order, TimeSpan timeout)
    {
        var life = await PresentAsync();
        try
        {
            return await AskAsync<T>(life, whom, order, timeout);
        }
        catch (OperationCanceledException error) when (life.Ended.IsCancellationRequested)
        {
            throw new ControlException(
                ControlError.Failed,
                "this node changed its cluster meanwhile, and whether it was done is not known",
                "usbipc list --local and usbipc port show it; if it was not, try again",
                innerException: error);
        }
    }

    private async Task<NodeLife> PresentAsync()
    {
        try
        {
            return await present().WaitAsync(Quick);
        }
        catch (TimeoutException error)
        {
            throw new ControlException(
                ControlError.TimedOut,
                $"this node has been changing its cluster for {Quick.TotalSeconds} s",
                "the daemon's log may say why",
                innerException: error);
        }
    }

    private static async Task<T> AskAsync<T>(NodeLife life, Func<ControlActors, IActorRef> whom, object question, TimeSpan timeout)
    {
        try
        {
            return await whom(life.Actors).Ask<T>(question, timeout, life.Ended);
        }
        catch (AskTimeoutException)
        {
            throw new ControlException(ControlError.TimedOut, $"no answer within {timeout.TotalSeconds} s", "the daemon's log may say why");
        }
        catch (DeviceException error)
        {
            throw ControlFailures.Of(error);
        }
    }

    private static Selector Parse(string text) =>
        Selector.TryParse(text, out var selector, out var problem) ? selector : throw ControlFailures.OfSelector(problem);

    private static BusId ParseBusId(string text) => BusId.TryParse(text, out var busId)
        ? busId
        : throw new ControlException(ControlError.Usage, $"'{text}' is no bus id", "a bus id looks like 1-1.4");

    private static NetworkAddress ParseServer(string text) => NetworkAddress.TryParse(text, NodeOptions.UsbIpPort, out var server)
        ? server
        : throw new ControlException(ControlError.Usage, $"'{text}' is no host", "use HOST or HOST:PORT, [ADDRESS]:PORT for IPv6");

    private static ClusterDevice[] Local(InventoryView view, Selector selector, bool all)
    {
        ClusterDevice[] local = [.. view.Find(selector).Where(device => device.Node == view.Self)];
        return all || local.Length <= 1
            ? local
            : throw new ControlException(
                ControlError.Usage,
                $"'{selector}' matches {local.Length} devices of this node",
                "name one of them, for instance by its bus id, or say --all",
                [.. local.Select(Rows.Describe)]);
    }

    private static ControlException NoLocalDevice(InventoryView view, Selector selector) => new(
        ControlError.NotFound,
        $"no device of this node matches '{selector}'",
        view.Find(selector) is [var elsewhere, ..]
            ? $"{elsewhere.FullName} does: run the command on {elsewhere.Node}"
            : "usbipc list --local shows them");

    private static DeviceRow[] RowsOf(InventoryView view, ExportManager.Done done) =>
        [.. done.Entries.Select(entry => Rows.Of(new ClusterDevice(view.Self, "", Reachable: true, entry)))];

    private static ImmutableArray<AccessRule> Rules(IReadOnlyList<string>? lines) =>
    [
        .. (lines ?? []).Select(line => AccessRule.TryParse(line, out var rule, out var problem)
            ? rule
            : throw ControlFailures.OfRule(problem)),
    ];

    private static void CheckName(InventoryView view, ClusterDevice device, string name)
    {
        // A device's name follows the rule of a node's.
        if (!NodeName.TryParse(name, out _))
            throw new ControlException(ControlError.Usage, $"'{name}' is no name", "use 1 to 63 letters, digits, dots, dashes and underscores");
        var other = view.Devices.FirstOrDefault(d =>
            string.Equals(d.Device.Name, name, StringComparison.OrdinalIgnoreCase) && d.FullName != device.FullName);
        if (other is not null)
            throw new ControlException(ControlError.Unavailable, $"{other.FullName} is called {name} already", "choose another name");
    }

    private static async Task<IReadOnlyList<DeviceRow>> ListRemoteAsync(NetworkAddress server)
    {
        try
        {
            return await Task.Factory.StartNew(
                () => ListNamed(server), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        catch (DeviceException error)
        {
            throw ControlFailures.Of(error);
        }
    }

    // USB/IP tells no names. A server's devices are often of few kinds.
    private static IReadOnlyList<DeviceRow> ListNamed(NetworkAddress server)
    {
        var known = new Dictionary<(ushort, ushort), (string? Vendor, string? Product)>();
        var database = new HardwareNames();
        return [.. ListRemote(server).Select(device =>
        {
            var ids = (device.Record.VendorId, device.Record.ProductId);
            if (!known.TryGetValue(ids, out var names))
                names = known[ids] = known.Count < MostNames ? database.Find(ids.VendorId, ids.ProductId) : default;
            return Rows.Of(server.Host, device) with { Manufacturer = names.Vendor, Product = names.Product };
        })];
    }

    private static ImmutableArray<DevlistDevice> ListRemote(NetworkAddress server)
    {
        var deadline = Deadline.After(Quick);
        DeviceException? last = null;
        foreach (var endpoint in server.ResolveAsync(CancellationToken.None).GetAwaiter().GetResult())
        {
            try
            {
                return UsbIpClient.ListDevices(endpoint, deadline);
            }
            catch (DeviceException error)
            {
                last = error;
            }
        }

        throw last ?? new DeviceException(DeviceError.PeerLost, $"{server.Host} has no address");
    }

    private static bool IsMeant(NodeRow row, string node) =>
        string.Equals(row.Node, node, StringComparison.OrdinalIgnoreCase) || row.Address == node;

    private static NodeRow Row(string address, ClusterNode? node, MembershipView members, NodeName self)
    {
        var member = members.Members.GetValueOrDefault(address);
        var place = ClusterAddress.Place(address);
        return new NodeRow(
            node?.Entry.Node.Value ?? place.Host,
            place.ToString(),
            member?.Status is { } status ? node is { Entry.Draining: true } && status == "up" ? "draining" : status : "joining",
            node?.Entry.Node == self || member is { Reachable: true },
            node?.Entry.Node == self,
            node?.Entry.Devices.Length ?? 0,
            node?.Entry.Attachments ?? 0,
            node?.Entry.Software,
            member is { Reachable: false } ? member.UnreachableSince : node?.Entry.Since);
    }
}
