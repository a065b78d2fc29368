using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <content>Devices that somebody has for as long as he lives.</content>
internal sealed partial class ControlHandler
{
    public async Task<IReadOnlyList<PortRow>> HoldAsync(HoldParams request, ControlCaller caller, CancellationToken cancellationToken)
    {
        var wait = TimeSpan.FromSeconds(request.WaitSeconds);
        Selector[] matches = [.. request.Selectors.Select(Parse)];
        var by = ports.Holders.Open(caller.ProcessId, cancellationToken);
        var hold = new AttachmentManager.Hold([.. matches], wait, request.WaitWhileBusy, by, caller.User);

        try
        {
            // What did not come in time is detached before that is answered.
            var held = await OrderAsync<AttachmentManager.Snapshot>(actors => actors.Attachments, hold, wait + Slow + Slow);
            await KeepAsync();
            await ports.WhenNodesAreThereAsync(held.Attachments, cancellationToken);
            return ports.WithNodes(Rows.Of(held));
        }
        catch (ControlException)
        {
            ports.Holders.Forget(by);
            throw;
        }
    }
}
