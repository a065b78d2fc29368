using System.Net;
using Akka.Actor;

namespace UsbIpCluster.Node;

/// <summary>How a node is at one moment, as its main actors say. That they answered at all is what says that it lives.</summary>
/// <param name="Life">The actors that were asked.</param>
/// <param name="View">The inventory.</param>
/// <param name="Members">The cluster.</param>
/// <param name="Attachments">The attachments.</param>
internal sealed record NodeLook(NodeLife Life, InventoryView View, MembershipView Members, AttachmentManager.Snapshot Attachments)
{
    /// <summary>This node's devices.</summary>
    public IEnumerable<DeviceEntry> Devices => View.Nodes[View.Self].Entry.Devices;

    /// <summary>Whether it is in a cluster: one that it has joined, or formed.</summary>
    public bool IsMember => Members.Members.GetValueOrDefault(Members.Self)?.Status == "up";
}

/// <summary>
/// Asks a node's main actors how they are. However many want to know, one question is on its way at a time; and nobody is told what was before
/// he asked: who comes while one is on its way shares the next one. From any thread.
/// </summary>
/// <param name="present">The node's actors as they are now; while they begin anew, the next ones.</param>
internal sealed class NodeWatcher(Func<Task<NodeLife>> present)
{
    /// <summary>How long the actors may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private Task<NodeLook?> _now = Task.FromResult<NodeLook?>(null);
    private Task<NodeLook?>? _next;

    /// <summary>How the node is; null when its actors have not answered in time.</summary>
    public Task<NodeLook?> LookAsync(TimeSpan patience) => WithinAsync(Next(), patience);

    /// <summary>Whether the main actors answer: that of the question on its way, too, is an answer.</summary>
    public async Task<bool> AnswersAsync(TimeSpan patience)
    {
        Task<NodeLook?> question;
        lock (_lock)
            question = _now.IsCompleted ? Next() : _now;
        return await WithinAsync(question, patience) is not null;
    }

    private static async Task<NodeLook?> WithinAsync(Task<NodeLook?> question, TimeSpan patience)
    {
        try
        {
            return await question.WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private Task<NodeLook?> Next()
    {
        lock (_lock)
        {
            if (_next is not null)
                return _next;
            return _now.IsCompleted ? _now = AskAsync() : _next = AskAfterAsync(_now);
        }
    }

    private async Task<NodeLook?> AskAfterAsync(Task now)
    {
        // Never on the thread of who asks, which holds the lock.
        await now.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing);
        Task<NodeLook?> mine;
        lock (_lock)
        {
            _now = mine = AskAsync();
            _next = null;
        }

        return await mine;
    }

    private async Task<NodeLook?> AskAsync()
    {
        try
        {
            // Not on the thread of who asks, which holds the lock.
            await Task.Yield();
            var life = await present().WaitAsync(Patience);
            var actors = life.Actors;
            var view = actors.Inventory.Ask<InventoryActor.Changed>(new InventoryActor.GetView(), Patience, life.Ended);
            var members = actors.Membership.Ask<MembershipView>(new MembershipActor.GetMembers(), Patience, life.Ended);
            var attachments = actors.Attachments.Ask<AttachmentManager.Snapshot>(new AttachmentManager.GetSnapshot(), Patience, life.Ended);

            // What it says is of no interest here, only that it does.
            var exports = actors.Exports.Ask<ExportManager.Offered>(new ExportManager.GetOffered(IPAddress.Loopback), Patience, life.Ended);
            await Task.WhenAll(view, members, attachments, exports);
            return new NodeLook(life, (await view).View, await members, await attachments);
        }
        catch (Exception error) when (error is AskTimeoutException or TimeoutException or OperationCanceledException)
        {
            return null;
        }
    }
}
