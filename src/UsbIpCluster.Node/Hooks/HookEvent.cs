using System.Globalization;
using UsbIpCluster.Control;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>An event for which hooks run.</summary>
/// <param name="Name">What the hooks call it: the first argument.</param>
/// <param name="Row">What happened.</param>
internal sealed record HookEvent(string Name, EventRow Row)
{
    // A device or another node may have said it, and an environment of any length is nobody's.
    private const int MaxLength = 1024;

    /// <summary>The event of a row; null for one that hooks do not hear of.</summary>
    /// <remarks>
    /// What is only taken up again (<see cref="EventKinds.Adopted"/>, or a device that was exported when the daemon started) has not happened
    /// to the device.
    /// </remarks>
    public static HookEvent? Of(EventRow row) => row.Kind switch
    {
        EventKinds.Attached or EventKinds.Reattached => new HookEvent(EventKinds.Attached, row),
        EventKinds.Lost or EventKinds.Detached or EventKinds.Exported or EventKinds.Unexported or EventKinds.Leased or EventKinds.Released =>
            new HookEvent(row.Kind, row),
        _ => null,
    };

    /// <summary>
    /// Whether the two are about one device, so that their hooks run one after the other: about one attachment, one place where a device is
    /// plugged in, or one serial number.
    /// </summary>
    public bool IsOfSameDevice(HookEvent other) =>
        (Row.Attachment is not null && Row.Attachment == other.Row.Attachment)
        || (Row.BusId is not null && Row.BusId == other.Row.BusId && Exporter == other.Exporter)
        || (Row.Serial is not null && (Row.Vid, Row.Pid, Row.Serial) == (other.Row.Vid, other.Row.Pid, other.Row.Serial));

    /// <summary>The bus id of the device on this host; null when it has none.</summary>
    public BusId? LocalBusId =>
        BusId.TryParse((Row.Attachment is null ? Row.BusId : Row.LocalBusId) ?? "", out var busId) ? busId : null;

    /// <summary>The facts, as a hook finds them in its environment; what is not known is not there.</summary>
    /// <param name="deviceNode">The device node of the device on this host; null when it has none.</param>
    public IEnumerable<KeyValuePair<string, string>> ToEnvironment(string? deviceNode)
    {
        (string Key, string? Value)[] facts =
        [
            ("EVENT", Name),
            ("KIND", Row.Kind),
            ("TIME", Row.Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)),
            ("NODE", Row.Node),
            ("BUSID", Row.BusId),
            ("VID", Row.Vid),
            ("PID", Row.Pid),
            ("SERIAL", Row.Serial),
            ("PRODUCT", Row.Product),
            ("DEVICE", Row.Device),
            ("PORT", Row.Port?.ToString(CultureInfo.InvariantCulture)),
            ("ATTACHMENT", Row.Attachment),
            ("LOCAL_BUSID", Row.LocalBusId),
            ("DEVICE_NODE", deviceNode),
            ("PEER", Row.Peer),
            ("HOLDER", Row.Holder),
            ("USER", Row.User),
            ("REASON", Row.Reason),
            ("DURATION_MS", Row.DurationMs?.ToString(CultureInfo.InvariantCulture)),
        ];
        return from fact in facts
               where !string.IsNullOrEmpty(fact.Value)
               select KeyValuePair.Create(
                   $"USBIPC_{fact.Key}", PrintableText.From(fact.Value.AsSpan(0, Math.Min(fact.Value.Length, MaxLength))));
    }

    /// <summary>It in words, for the log.</summary>
    public override string ToString() => string.Join(' ', new[] { Name, Row.Device ?? Row.BusId, Row.Attachment }.OfType<string>());

    private string? Exporter => Row.Attachment is null ? Row.Node : Row.Peer;
}
