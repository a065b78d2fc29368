using UsbIpCluster.Devices;

namespace UsbIpCluster.Node;

/// <summary>
/// Tells what a driver says anew from what was known, or was done by this node itself. What was seen before the exporter did something,
/// and that it did it, go another way than its answer, and can both arrive long after it.
/// </summary>
internal sealed class DriverNews
{
    private readonly Queue<ExportStatus> _untold = new();

    /// <summary>The exporter has brought the device to these, one after the other; it will be seen, or has been and is on its way.</summary>
    public void Did(params ReadOnlySpan<ExportStatus> done)
    {
        foreach (var status in done)
            _untold.Enqueue(status);
    }

    /// <summary>Whether the device came to <paramref name="now"/> by somebody else.</summary>
    /// <param name="before">What was seen last.</param>
    /// <param name="now">What is seen now.</param>
    public bool IsNews(ExportStatus before, ExportStatus now)
    {
        if (now == before)
            return false;
        if (_untold.TryPeek(out var next) && next == now)
        {
            _untold.Dequeue();
            return false;
        }

        _untold.Clear();
        return true;
    }
}
