using System.Globalization;
using System.Text;

namespace UsbIpCluster.Protocol;

/// <summary>Makes text of a peer or a device safe to print: whatever could steer a terminal or disguise a line becomes <c>?</c>.</summary>
public static class PrintableText
{
    /// <summary>Takes printable ASCII (0x20 to 0x7e) as it is, and a <c>?</c> for every other byte.</summary>
    public static string FromAscii(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var value in bytes)
            text.Append(value is >= (byte)' ' and <= (byte)'~' ? (char)value : '?');
        return text.ToString();
    }

    /// <summary>
    /// Takes text as it is but for control and format characters (among them the marks that reverse the direction of writing), line
    /// and paragraph separators, and lone surrogates.
    /// </summary>
    public static string From(ReadOnlySpan<char> text)
    {
        var printable = new StringBuilder(text.Length);
        while (!text.IsEmpty)
        {
            var valid = Rune.DecodeFromUtf16(text, out var rune, out var length) == System.Buffers.OperationStatus.Done;
            if (valid && IsPrintable(rune))
                printable.Append(text[..length]);
            else
                printable.Append('?');
            text = text[length..];
        }

        return printable.ToString();
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
