using System.Diagnostics.CodeAnalysis;

namespace UsbIpCluster.Protocol;

/// <summary>
/// The name of a USB device on its host: <c>1-1.4</c> in sysfs, <c>sim-0</c> for a simulated device.
/// One to 31 ASCII letters, digits, <c>.</c>, <c>-</c>, <c>_</c> or <c>:</c>, the first a letter or digit; so a bus id can stand in a
/// path and in the 32 bytes (with NUL) of <c>usbip_usb_device.busid</c>. Source: tools/usb/usbip/libsrc/usbip_common.h, SYSFS_BUS_ID_SIZE.
/// </summary>
public readonly record struct BusId
{
    /// <summary>The longest bus id, in bytes, without the closing NUL.</summary>
    public const int MaxLength = 31;

    private readonly string? _value;

    private BusId(string value) => _value = value;

    /// <summary>The text; empty only for <c>default</c>, which names no device.</summary>
    public string Value => _value ?? "";

    /// <summary>Reads a bus id; false when <paramref name="text"/> is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out BusId busId)
    {
        busId = default;
        if (text is null || text.Length is 0 or > MaxLength || !char.IsAsciiLetterOrDigit(text[0]))
            return false;
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_' or ':'))
                return false;
        }

        if (text.Contains("..", StringComparison.Ordinal))
            return false;
        busId = new BusId(text);
        return true;
    }

    /// <summary>Reads a bus id.</summary>
    /// <exception cref="FormatException">The text is none.</exception>
    public static BusId Parse(string text) =>
        TryParse(text, out var busId) ? busId : throw new FormatException($"'{text}' is not a bus id");

    /// <inheritdoc/>
    public override string ToString() => Value;
}
