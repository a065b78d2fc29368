using System.Collections.Concurrent;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Node;

/// <summary>Whose end is the end of attachments.</summary>
/// <param name="Key">Names the attachments that were asked for together: all of them are had, or none.</param>
/// <param name="Process">
/// The process that asked; null when it can't be told (it is in another pid namespace): then it is the connection over which it asked.
/// </param>
internal sealed record AttachmentHold(Guid Key, ProcessIdentity? Process);

/// <summary>
/// Who holds attachments, and whether they are still there. A process holds until it ends, over restarts of the daemon; a connection ends
/// with the daemon at the latest.
/// </summary>
/// <param name="processes">The processes of this host.</param>
internal sealed class Holders(IProcesses processes)
{
    private readonly ConcurrentDictionary<Guid, CancellationTokenRegistration> _connections = new();

    /// <summary>A new hold, of whoever is at the other end of a connection.</summary>
    /// <param name="processId">The number of the process there; 0 when it has none here.</param>
    /// <param name="connection">Cancelled at the end of the connection.</param>
    public AttachmentHold Open(int processId, CancellationToken connection)
    {
        var key = Guid.NewGuid();
        _connections[key] = default;
        var end = connection.Register(() => _connections.TryRemove(key, out _));
        _connections.TryUpdate(key, end, default);
        return new AttachmentHold(key, Find(processId));
    }

    /// <summary>Forgets a hold of which nothing has come.</summary>
    public void Forget(AttachmentHold hold)
    {
        if (_connections.TryRemove(hold.Key, out var end))
            end.Unregister();
    }

    /// <summary>Whether the connection over which it was asked for is there.</summary>
    public bool IsConnected(AttachmentHold hold) => _connections.ContainsKey(hold.Key);

    /// <summary>Whether the holder is there. A process that can't be asked for is not taken for gone.</summary>
    public bool IsThere(AttachmentHold hold)
    {
        if (hold.Process is not { } process)
            return IsConnected(hold);
        try
        {
            return processes.IsAlive(process);
        }
        catch (DeviceException)
        {
            return true;
        }
    }

    private ProcessIdentity? Find(int processId)
    {
        try
        {
            return processes.Find(processId);
        }
        catch (DeviceException)
        {
            return null;
        }
    }
}
