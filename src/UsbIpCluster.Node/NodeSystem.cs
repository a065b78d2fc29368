using System.Diagnostics;
using Akka.Actor;
using Akka.Cluster;
using Microsoft.Extensions.Logging;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>The node's actors from one beginning to the next.</summary>
/// <param name="Actors">Those that the control socket asks.</param>
/// <param name="Ended">Cancelled when they answer no more.</param>
internal sealed record NodeLife(ControlActors Actors, CancellationToken Ended);

/// <summary>Why the node's actors are to begin anew.</summary>
/// <param name="Reason">What is told to the operator.</param>
/// <param name="Aim">The cluster to join then; null when any will do.</param>
internal sealed record NewBeginning(string Reason, ClusterAim? Aim);

/// <summary>
/// The node's actor system, and the next one after it: who has left a cluster, or was removed from it, can't be in one again with the same
/// actors. What they stand on stays (<see cref="NodeFoundation"/>), so no session notices, and the next ones adopt everything as those of a
/// daemon that has just started do.
/// <code>
///   Living --(an actor asks for a new beginning, or the system has ended by itself)--> Between --> Living
///      '-- disposed --> (has left the cluster, and ended)                                 '-- disposed --> (ended)
/// </code>
/// </summary>
internal sealed class NodeSystem : IAsyncDisposable
{
    /// <summary>The least time from one beginning to the next: should nodes ever disagree for good, they do so slowly.</summary>
    public static readonly TimeSpan LeastLife = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LeaveCheck = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan TerminateTimeout = TimeSpan.FromSeconds(5);

    // A slow machine that starts all its services at once takes its time. systemd waits for 90 s.
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DevicesTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StartInterval = TimeSpan.FromSeconds(1);

    private readonly Func<ActorSystem> _create;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stopping = new();
    private NodeFoundation _foundation;
    private volatile IActorRef _node = ActorRefs.Nobody;
    private volatile TaskCompletionSource<NodeLife> _present = NewPresent();
    private Task _lives = Task.CompletedTask;

    private NodeSystem(Func<ActorSystem> create, NodeFoundation foundation, ILogger log)
    {
        _create = create;
        _foundation = foundation;
        _log = log;
    }

    /// <summary>The actors as they are now; between two beginnings, the next ones.</summary>
    public Task<NodeLife> Present => _present.Task;

    /// <summary>What the node said of itself at the last beginning.</summary>
    public NodeEntry Entry => _foundation.Entry;

    /// <summary>Starts the actors.</summary>
    /// <param name="create">Makes an actor system.</param>
    /// <param name="foundation">What they stand on; the entry's address and incarnation are filled in here.</param>
    /// <param name="log">Is told of new beginnings.</param>
    /// <exception cref="StartException">They have not started in time.</exception>
    public static async Task<NodeSystem> StartAsync(Func<ActorSystem> create, NodeFoundation foundation, ILogger log)
    {
        var node = new NodeSystem(create, foundation, log);
        try
        {
            node._lives = node.LiveAsync(await node.BeginAsync(null));
        }
        catch (AskTimeoutException error)
        {
            throw new StartException(
                $"this node's actors have not started within {StartTimeout.TotalSeconds:0} s", "see what else keeps this machine busy", error);
        }

        return node;
    }

    /// <summary>
    /// Takes from options what can change while the node runs. Those actors that begin after this have it from the foundation, so that only
    /// the present ones are told; between two beginnings, the next ones.
    /// </summary>
    public async Task TakeAsync(NodeOptions options, CancellationToken cancellationToken)
    {
        _foundation.Take(options);
        await Present.WaitAsync(cancellationToken);
        _node.Tell(new NodeActor.OptionsTaken(options), ActorRefs.NoSender);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _lives;
        _stopping.Dispose();
    }

    private static TaskCompletionSource<NodeLife> NewPresent() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task LiveAsync(Life life)
    {
        while (await life.WaitForEndAsync(_stopping.Token) is { } beginning)
        {
            _log.BeginsAnew(beginning.Reason);
            _foundation.Events.Record(new EventRow(
                DateTimeOffset.UtcNow, Entry.Node.Value, EventKinds.BegunAnew, Reason: beginning.Reason));
            _present = NewPresent();
            await EndAsync(life);
            if (await NextAsync(life, beginning.Aim) is not { } next)
                return;
            life = next;
        }

        _present = NewPresent();
        await EndAsync(life);
    }

    // The daemon goes on, or stops, whatever its last actors do.
    private async Task EndAsync(Life life)
    {
        try
        {
            if (!await life.EndAsync())
                _log.ActorsLeftBehind(TerminateTimeout.TotalSeconds);
        }
        catch (Exception error)
        {
            _log.ActorsEndedBadly(error.Message);
        }
    }

    // Whatever keeps them from beginning, the daemon goes on: its sessions need it, and the next attempt may succeed.
    private async Task<Life?> NextAsync(Life last, ClusterAim? aim)
    {
        var pause = LeastLife - last.Age;
        while (true)
        {
            try
            {
                if (pause > TimeSpan.Zero)
                    await Task.Delay(pause, _stopping.Token);
                _stopping.Token.ThrowIfCancellationRequested();
                return await BeginAsync(aim);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return null;
            }
            catch (Exception error)
            {
                _log.CannotBeginAnew(error.Message);
                pause = StartInterval;
            }
        }
    }

    private async Task<Life> BeginAsync(ClusterAim? aim)
    {
        var system = _create();
        var life = new Life(system);
        try
        {
            var entry = _foundation.Entry.BegunAnew(DateTimeOffset.UtcNow) with { Address = Cluster.Get(system).SelfAddress.ToString() };
            var foundation = _foundation = _foundation with { Entry = entry };
            Action<NewBeginning> beginAnew = life.EndFor;
            var node = system.ActorOf(Props.Create(() => new NodeActor(foundation, aim, beginAnew)), "node");
            var actors = await node.Ask<ControlActors>(new NodeActor.GetControlActors(), StartTimeout);
            await AwaitDevicesAsync(actors);
            _node = node;
            _present.SetResult(life.Begun(actors));
            return life;
        }
        catch
        {
            await EndAsync(life);
            throw;
        }
    }

    // Who is told that the node is ready finds its devices; but one that its driver never answers for keeps no node from starting.
    private async Task AwaitDevicesAsync(ControlActors actors)
    {
        try
        {
            await actors.Exports.Ask<ExportManager.Settled>(new ExportManager.GetSettled(), DevicesTimeout);
        }
        catch (AskTimeoutException)
        {
            _log.DevicesLate(DevicesTimeout.TotalSeconds);
        }
    }

    /// <summary>One actor system.</summary>
#pragma warning disable CA1001 // Who asks in the last moment still looks at the token, and its source holds nothing that has to be freed.
    private sealed class Life
#pragma warning restore CA1001
    {
        private readonly long _begun = Stopwatch.GetTimestamp();
        private readonly ActorSystem _system;
        private readonly CancellationTokenSource _ended = new();
        private readonly TaskCompletionSource<NewBeginning> _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Life(ActorSystem system)
        {
            _system = system;
            system.WhenTerminated.ContinueWith(
                _ => EndFor(new NewBeginning("the actor system has ended", null)),
                CancellationToken.None,
                TaskContinuationOptions.None,
                TaskScheduler.Default);
        }

        public TimeSpan Age => Stopwatch.GetElapsedTime(_begun);

        public NodeLife Begun(ControlActors actors) => new(actors, _ended.Token);

        public void EndFor(NewBeginning next) => _next.TrySetResult(next);

        /// <summary>Completes when it is to end: with what comes after it, or null when nothing does.</summary>
        public async Task<NewBeginning?> WaitForEndAsync(CancellationToken stopping)
        {
            try
            {
                return await _next.Task.WaitAsync(stopping);
            }
            catch (OperationCanceledException)
            {
                return null;
            }
        }

        /// <summary>Leaves the cluster and ends the system; false when it has not ended in time.</summary>
        public async Task<bool> EndAsync()
        {
            await _ended.CancelAsync();
            var cluster = Cluster.Get(_system);

            // Who is not let in yet, or was removed, has nothing to leave.
            if (cluster.SelfMember.Status != MemberStatus.Removed)
                await LeaveAsync(cluster);
            var terminated = _system.Terminate();
            return await Task.WhenAny(terminated, Task.Delay(TerminateTimeout)) == terminated;
        }

        private static async Task LeaveAsync(Cluster cluster)
        {
            cluster.Leave(cluster.SelfAddress);
            for (var waited = TimeSpan.Zero; waited < LeaveTimeout && !cluster.IsTerminated; waited += LeaveCheck)
                await Task.Delay(LeaveCheck);
        }
    }
}
