using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>One operation at a time for each device. A device that nobody works on takes no memory.</summary>
internal sealed class DeviceLocks
{
    private readonly Lock _gate = new();
    private readonly Dictionary<BusId, Entry> _entries = [];

    /// <summary>How many devices are being worked on or waited for.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _entries.Count;
        }
    }

    /// <summary>Completes when the device is the caller's, until the result is disposed.</summary>
    public async Task<IDisposable> EnterAsync(BusId busId, CancellationToken cancellationToken)
    {
        Entry? entry;
        lock (_gate)
        {
            if (!_entries.TryGetValue(busId, out entry))
                _entries.Add(busId, entry = new Entry());
            entry.Users++;
        }

        try
        {
            await entry.Turn.WaitAsync(cancellationToken);
        }
        catch
        {
            Leave(busId, entry);
            throw;
        }

        return new Subscription(() =>
        {
            entry.Turn.Release();
            Leave(busId, entry);
        });
    }

    private void Leave(BusId busId, Entry entry)
    {
        lock (_gate)
        {
            if (--entry.Users > 0)
                return;
            _entries.Remove(busId);
        }

        entry.Turn.Dispose();
    }

    private sealed class Entry
    {
        public SemaphoreSlim Turn { get; } = new(1, 1);

        public int Users { get; set; }
    }
}
