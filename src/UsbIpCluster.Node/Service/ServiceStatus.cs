using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>
/// Keeps the line up to date that <c>systemctl status</c> shows. It looks when something has happened, at most once in <see cref="Pace"/>, and
/// says only what is new.
/// </summary>
internal sealed class ServiceStatus : IDisposable
{
    /// <summary>The least time from one look to the next.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    private readonly ServiceManager _manager;
    private readonly NodeWatcher _node;
    private readonly EventLog _events;
    private string _said = "";
    private volatile bool _stopped;
    private int _waiting;

    private ServiceStatus(ServiceManager manager, NodeWatcher node, EventLog events)
    {
        _manager = manager;
        _node = node;
        _events = events;
        _events.Observe(OnEvent);
        LookSoon();
    }

    /// <summary>Starts it; null when there is no service manager.</summary>
    public static ServiceStatus? Start(ServiceManager manager, NodeWatcher node, EventLog events) =>
        manager.IsThere ? new ServiceStatus(manager, node, events) : null;

    /// <summary>How a node is, in words.</summary>
    public static string Describe(NodeLook look)
    {
        var exported = look.Devices.Count(device => device.State != DeviceState.Unbound);
        var attached = look.Attachments.Attachments.Count(attachment => attachment.State == AttachmentStates.Attached);
        var members = look.Members.Members;
        var cluster = look.IsMember ? $"{members.Count(member => member.Value.Reachable)} of {members.Count} nodes reachable" : "not in a cluster yet";
        return $"{exported} {(exported == 1 ? "device" : "devices")} exported, {attached} attached, {cluster}";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopped = true;
        _events.Leave(OnEvent);
    }

    private void OnEvent(EventRow row) => LookSoon();

    private void LookSoon()
    {
        if (Interlocked.Exchange(ref _waiting, 1) == 0)
            _ = LookAsync();
    }

    // What happens from here on is seen by this look or asks for the next one.
    private async Task LookAsync()
    {
        await Task.Delay(Pace);
        Volatile.Write(ref _waiting, 0);
        var look = await _node.LookAsync(NodeWatcher.Patience);
        if (_stopped)
            return;
        if (look is not null && Describe(look) is var line && Interlocked.Exchange(ref _said, line) != line)
            _manager.Status(line);

        // That it is in a cluster is no event.
        if (look?.IsMember != true)
            LookSoon();
    }
}
