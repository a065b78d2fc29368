using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace UsbIpCluster.Protocol;

/// <summary>A bus id in its 32 bytes: ASCII, NUL-terminated, the rest zero. Source: SYSFS_BUS_ID_SIZE in usbip_common.h.</summary>
internal static class BusIdField
{
    public const int Size = BusId.MaxLength + 1;

    /// <summary>Reads the first 32 bytes, which must be there. What follows the NUL is not looked at, as in the stock tools.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out BusId busId, [NotNullWhen(false)] out string? reason)
    {
        busId = default;
        reason = null;
        var field = source[..Size];
        var length = field.IndexOf((byte)0);
        if (length < 0)
            reason = $"the bus id has no closing NUL within its {Size} bytes";
        else if (length == 0)
            reason = "the bus id is empty";
        else if (!BusId.TryParse(Encoding.Latin1.GetString(field[..length]), out busId))
            reason = $"the bus id (bytes {Convert.ToHexStringLower(field[..length])}) is none";
        return reason is null;
    }

    public static void Write(Span<byte> destination, BusId busId)
    {
        var field = destination[..Size];
        field.Clear();
        Encoding.ASCII.GetBytes(busId.Value, field);
    }
}
