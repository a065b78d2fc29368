using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace UsbIpCluster.Node;

/// <summary>
/// SIGHUP, which ends this process no longer. What comes before anybody waits for it, or while one is worked on, is worked on after that: once,
/// however often it came.
/// </summary>
internal sealed class HangUps : IDisposable
{
    private readonly Channel<PosixSignal> _signals = Channel.CreateBounded<PosixSignal>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly PosixSignalRegistration _registration;

    public HangUps() => _registration = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
    {
        signal.Cancel = true;
        _signals.Writer.TryWrite(signal.Signal);
    });

    /// <summary>Does something for each, until it is cancelled.</summary>
    public async Task ForEachAsync(Func<CancellationToken, Task> work, CancellationToken cancelled)
    {
        try
        {
            while (await _signals.Reader.WaitToReadAsync(cancelled))
            {
                _signals.Reader.TryRead(out _);
                await work(cancelled);
            }
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            // That is how it ends.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _registration.Dispose();
}
