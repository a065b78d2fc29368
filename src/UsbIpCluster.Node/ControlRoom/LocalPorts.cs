using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>What is known of this host's ports beside what the actors know: what programs open, and who holds what.</summary>
/// <param name="controller">The ports; null on a node that only exports.</param>
/// <param name="holders">Who holds attachments.</param>
internal sealed class LocalPorts(IHostController? controller, Holders holders)
{
    /// <summary>How long nodes are waited for that a device's classes promise.</summary>
    public static readonly TimeSpan ExpectedPatience = TimeSpan.FromSeconds(10);

    /// <summary>How long a device is waited for that promises none: its driver may have to be loaded, or there is none.</summary>
    public static readonly TimeSpan PossiblePatience = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Who holds attachments.</summary>
    public Holders Holders => holders;

    /// <summary>The rows, with what programs open to use the devices.</summary>
    public IReadOnlyList<PortRow> WithNodes(IReadOnlyList<PortRow> rows) =>
    [
        .. rows.Select(row => BusId.TryParse(row.LocalBusId, out var busId) ? row with { Devices = Find(busId).Paths } : row),
    ];

    /// <summary>Completes when the devices' nodes are there, or when their time is over.</summary>
    public async Task WhenNodesAreThereAsync(IEnumerable<AttachmentStatus> attachments, CancellationToken cancellationToken)
    {
        BusId[] devices = [.. attachments.Select(status => status.LocalBusId).OfType<BusId>()];
        for (var waited = TimeSpan.Zero; devices.Any(device => PatienceFor(Find(device).ToCome) > waited); waited += Interval)
            await Task.Delay(Interval, cancellationToken);
    }

    private static TimeSpan PatienceFor(NodesToCome toCome) => toCome switch
    {
        NodesToCome.Expected => ExpectedPatience,
        NodesToCome.Possible => PossiblePatience,
        _ => TimeSpan.Zero,
    };

    private DeviceNodes Find(BusId localBusId)
    {
        try
        {
            return controller?.FindNodes(localBusId) ?? DeviceNodes.None;
        }
        catch (DeviceException)
        {
            // It is shown without them.
            return DeviceNodes.None;
        }
    }
}
