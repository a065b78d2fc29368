using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Output;

/// <summary>
/// One line on the terminal's standard error while something takes longer than half a second: what is waited for, and for how long.
/// It is gone when the wait is over.
/// </summary>
internal sealed class Progress : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _over = new();
    private readonly Task _showing;

    private Progress(Surroundings surroundings, string what) => _showing = ShowAsync(surroundings, what);

    /// <summary>Begins; null when nobody would see it.</summary>
    public static Progress? Start(Surroundings surroundings, string what) =>
        surroundings.ErrorIsTerminal ? new Progress(surroundings, SafeText.Of(what)) : null;

    /// <summary>Takes the line away.</summary>
    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _showing;
        _over.Dispose();
    }

    private async Task ShowAsync(Surroundings surroundings, string what)
    {
        var shown = false;
        try
        {
            var start = surroundings.Clock.GetTimestamp();
            await Task.Delay(Patience, surroundings.Clock, _over.Token);
            while (true)
            {
                // A longer line would go on in the next one, out of the carriage return's reach.
                var room = Math.Max(surroundings.ErrorWidth() - 1, 1);
                var time = $" ({surroundings.Clock.GetElapsedTime(start).TotalSeconds:0.0} s)";
                var line = SafeText.Cut(SafeText.Cut(what, Math.Max(room - time.Length, 1)) + time, room);
                surroundings.Error.Write($"\r{line}\e[K");
                shown = true;
                await Task.Delay(Step, surroundings.Clock, _over.Token);
            }
        }
        catch (OperationCanceledException)
        {
            if (shown)
                surroundings.Error.Write("\r\e[K");
        }
    }
}
