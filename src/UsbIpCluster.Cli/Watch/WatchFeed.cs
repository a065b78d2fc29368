using System.Threading.Channels;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Watch;

/// <summary>
/// What the daemon tells, for as long as it is wanted. One connection follows the events, steps included; each says that rows have changed,
/// and these are asked for on a second one: many events that come together ask once. A daemon that is lost is tried again, and again.
/// </summary>
internal sealed class WatchFeed(Session session, Action<WatchInput> tell)
{
    /// <summary>Between two attempts to reach a daemon that is gone.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    /// <summary>The least between two questions for the same rows: a device that comes and goes quickly costs the daemon no more.</summary>
    public static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs until it is cancelled.</summary>
    /// <exception cref="ControlException">There is no daemon at the start.</exception>
    public async Task RunAsync(CancellationToken cancelled)
    {
        var wasThere = false;
        while (true)
        {
            try
            {
                await using var follower = await ControlClient.ConnectAsync(session.SocketPath, cancelled);
                await using var asker = await ControlClient.ConnectAsync(session.SocketPath, cancelled);
                await FollowAsync(follower, asker, () => wasThere = true, cancelled);
            }
            catch (ControlException error) when (wasThere)
            {
                tell(new WatchInput.Lost(error.Message));
            }

            await Task.Delay(RetryInterval, session.Surroundings.Clock, cancelled);
        }
    }

    /// <summary>Follows one daemon to its end.</summary>
    private async Task FollowAsync(ControlClient follower, ControlClient asker, Action isThere, CancellationToken cancelled)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancelled);

        // One place: that something has changed is known, and no more is to be known.
        var changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        changed.Writer.TryWrite(true);
        var asking = AskAsync(asker, changed.Reader, isThere, end.Token);
        var hearing = HearAsync(follower, changed.Writer, end.Token);
        try
        {
            await await Task.WhenAny(asking, hearing);
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(asking, hearing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task HearAsync(ControlClient follower, ChannelWriter<bool> changed, CancellationToken cancelled)
    {
        await foreach (var row in follower.EventsAsync(new EventsParams(Follow: true, Steps: true), cancelled))
        {
            if (row.Kind is not (EventKinds.AttachmentChanged or EventKinds.NodeChanged))
                tell(new WatchInput.Happened(row));
            changed.TryWrite(true);
        }
    }

    private async Task AskAsync(ControlClient asker, ChannelReader<bool> changed, Action isThere, CancellationToken cancelled)
    {
        while (true)
        {
            await changed.ReadAsync(cancelled);
            tell(new WatchInput.Rows(
                await WithinAsync(token => asker.NodesAsync(new NodesParams(), token), cancelled),
                await WithinAsync(token => asker.ListAsync(new ListParams(), token), cancelled),
                await WithinAsync(token => asker.PortAsync(new PortParams(), token), cancelled)));
            isThere();
            await Task.Delay(AskInterval, session.Surroundings.Clock, cancelled);
        }
    }

    private async Task<T> WithinAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancelled)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        deadline.CancelAfter(session.Patience);
        try
        {
            return await ask(deadline.Token);
        }
        catch (OperationCanceledException e) when (!cancelled.IsCancellationRequested)
        {
            throw new ControlException(ControlError.TimedOut, $"the daemon did not answer within {Duration.Format(session.Patience)}", null, null, e);
        }
    }
}
