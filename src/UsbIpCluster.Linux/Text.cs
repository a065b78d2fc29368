using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>Text that came from a device, a file or a program, made safe to show and bounded.</summary>
internal static class Text
{
    /// <summary>The longest text that is kept, in characters. A USB string descriptor holds at most 126.</summary>
    public const int MaxLength = 255;

    /// <summary>The text with every character that a terminal could obey replaced by <c>?</c>, at most 255 characters.</summary>
    public static string Printable(string text) => PrintableText.From(text.AsSpan(0, Math.Min(text.Length, MaxLength)));

    /// <summary>As <see cref="Printable"/>, without surrounding white space; null when nothing is left.</summary>
    public static string? PrintableOrNull(string? text)
    {
        var trimmed = text?.Trim() ?? "";
        return trimmed.Length == 0 ? null : Printable(trimmed);
    }
}
