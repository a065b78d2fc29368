using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace UsbIpCluster.Linux;

/// <summary>One message of the kernel about a device. Source: lib/kobject_uevent.c.</summary>
/// <param name="Action"><c>add</c>, <c>remove</c>, <c>bind</c>, <c>unbind</c>, <c>change</c>, ...</param>
/// <param name="DevPath">The device's path below <c>/sys</c>, beginning with a slash.</param>
/// <param name="Subsystem"><c>usb</c>, for what interests us.</param>
/// <param name="DevType"><c>usb_device</c> or <c>usb_interface</c>; null when the message has none.</param>
public sealed record Uevent(string Action, string DevPath, string Subsystem, string? DevType)
{
    /// <summary>The longest message: a path and the kernel's 2048 bytes of variables (UEVENT_BUFFER_SIZE).</summary>
    public const int MaxSize = 8192;

    /// <summary>The last part of the path: for a USB device its bus id.</summary>
    public string Name => DevPath[(DevPath.LastIndexOf('/') + 1)..];

    /// <summary>
    /// Reads <c>ACTION@DEVPATH</c> and the variables behind it, each closed by a NUL. False for anything else, such as udev's own
    /// messages; also when the variables contradict the first line, or a value that is kept holds anything but printable ASCII.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> message, [NotNullWhen(true)] out Uevent? uevent)
    {
        uevent = null;
        if (message.Length > MaxSize || !TryTake(ref message, out var first) || first.IndexOf((byte)'@') is not (> 0 and var at))
            return false;

        ReadOnlySpan<byte> action = default, path = default, subsystem = default, type = default;
        while (!message.IsEmpty)
        {
            if (!TryTake(ref message, out var variable) || variable.IndexOf((byte)'=') is not (> 0 and var equals))
                return false;
            var value = variable[(equals + 1)..];
            switch (variable[..equals])
            {
                case var name when name.SequenceEqual("ACTION"u8):
                    action = value;
                    break;
                case var name when name.SequenceEqual("DEVPATH"u8):
                    path = value;
                    break;
                case var name when name.SequenceEqual("SUBSYSTEM"u8):
                    subsystem = value;
                    break;
                case var name when name.SequenceEqual("DEVTYPE"u8):
                    type = value;
                    break;
            }
        }

        if (!action.SequenceEqual(first[..at]) || !path.SequenceEqual(first[(at + 1)..]) || subsystem.IsEmpty
            || path.IsEmpty || path[0] != '/' || !IsPrintable(first) || !IsPrintable(subsystem) || !IsPrintable(type))
            return false;

        uevent = new Uevent(ToText(action), ToText(path), ToText(subsystem), type.IsEmpty ? null : ToText(type));
        return true;
    }

    private static bool TryTake(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> part)
    {
        var end = rest.IndexOf((byte)0);
        part = end < 0 ? default : rest[..end];
        rest = end < 0 ? rest : rest[(end + 1)..];
        return end >= 0;
    }

    private static bool IsPrintable(ReadOnlySpan<byte> text) => !text.ContainsAnyExceptInRange((byte)' ', (byte)'~');

    private static string ToText(ReadOnlySpan<byte> ascii) => Encoding.ASCII.GetString(ascii);
}
