using System.Globalization;
using System.Text;

namespace UsbIpCluster.Control.Display;

/// <summary>
/// Text from devices and other hosts is data. A product string may hold escape sequences that retitle or reprogram a terminal,
/// or marks that turn the direction of writing: none of that is printed.
/// </summary>
public static class SafeText
{
    /// <summary>The text in one line, without control, format and other characters that a terminal acts on.</summary>
    public static string Of(string? text) => Of(text, out _);

    /// <summary>The same, and how many columns of a terminal it takes.</summary>
    public static string Of(string? text, out int width)
    {
        text ??= "";
        width = text.Length;
        if (IsPlain(text))
            return text;
        var safe = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsPrintable(rune))
                safe.Append(rune.ToString());
        }

        text = safe.ToString();
        width = WidthOf(text);
        return text;
    }

    /// <summary>How many columns of a terminal a safe text takes.</summary>
    public static int WidthOf(string text)
    {
        if (IsPlain(text))
            return text.Length;
        var width = 0;
        foreach (var rune in text.EnumerateRunes())
            width += CharacterWidth.Of(rune);
        return width;
    }

    /// <summary>A safe text in at most so many columns, with an ellipsis where it was cut. A mark stays with its character.</summary>
    public static string Cut(string text, int width)
    {
        if (WidthOf(text) <= width)
            return text;
        var kept = new StringBuilder();
        var left = width - 1;
        foreach (var rune in text.EnumerateRunes())
        {
            left -= CharacterWidth.Of(rune);
            if (left < 0)
                break;
            kept.Append(rune.ToString());
        }

        return kept.ToString().TrimEnd() + "…";
    }

    private static bool IsPlain(string text) => text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0;

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
