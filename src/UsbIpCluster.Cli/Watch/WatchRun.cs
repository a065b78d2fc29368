using System.Threading.Channels;

namespace UsbIpCluster.Cli.Watch;

/// <summary>One run of <c>usbipc watch</c>: what comes changes the state, and the state is drawn.</summary>
internal static class WatchRun
{
    /// <summary>Ages on the screen are in seconds.</summary>
    private static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    /// <summary>The least between two frames: no eye sees more.</summary>
    private static readonly TimeSpan FrameInterval = TimeSpan.FromMilliseconds(40);

    /// <summary>Shows it until the user quits.</summary>
    /// <exception cref="Control.ControlException">There is no daemon at the start.</exception>
    public static async Task ShowAsync(Session session, IScreen screen)
    {
        using var shown = screen;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(session.Cancelled);
        var inputs = Channel.CreateUnbounded<WatchInput>(new UnboundedChannelOptions { SingleReader = true });
        Action<WatchInput> tell = input => inputs.Writer.TryWrite(input);
        var feed = new WatchFeed(session, tell).RunAsync(over.Token);
        var drawing = DrawAsync(session, screen, inputs.Reader, over.Token);
        screen.Listen(tell);
        try
        {
            using var ticks = session.Surroundings.Clock.CreateTimer(_ => tell(new WatchInput.Tick()), null, TickInterval, TickInterval);
            await await Task.WhenAny(feed, drawing);
        }
        finally
        {
            await over.CancelAsync();
            await Task.WhenAll(feed, drawing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task DrawAsync(Session session, IScreen screen, ChannelReader<WatchInput> inputs, CancellationToken cancelled)
    {
        var (state, frame) = (new WatchState(), new WatchFrame(session.Surroundings));
        while (await inputs.WaitToReadAsync(cancelled))
        {
            while (inputs.TryRead(out var input))
                state = state.After(input);
            if (state.IsOver)
                return;
            var (width, height) = screen.Size;
            (var lines, state) = frame.Draw(state, width, height);
            screen.Show(lines);
            await Task.Delay(FrameInterval, session.Surroundings.Clock, cancelled);
        }
    }
}
