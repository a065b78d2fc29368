using System.Globalization;
using System.Text;

namespace UsbIpCluster.Control;

/// <summary>Who is at the other end of a control connection, as the kernel saw it at connect (SO_PEERCRED, unix(7)).</summary>
/// <param name="ProcessId">The process.</param>
/// <param name="UserId">Its effective user.</param>
/// <param name="GroupId">Its effective group.</param>
/// <param name="UserName">The user's name on this host, as its user database has it; null when there is none. For people and policy take
/// <see cref="User"/>.</param>
public readonly record struct ControlCaller(int ProcessId, uint UserId, uint GroupId, string? UserName)
{
    /// <summary>The longest name that is taken, in characters.</summary>
    public const int LongestName = 64;

    /// <summary>
    /// The user in one printable word: the name, else <c>uid:1000</c>. A name from a directory server may be anything; one that is too long,
    /// does not print, or could be taken for the other form is not used.
    /// </summary>
    public string User => UserName is { } name && IsName(name) ? name : $"{WithoutName}{UserId}";

    private const string WithoutName = "uid:";

    /// <summary>Whether a text can be somebody's <see cref="User"/>, in either form.</summary>
    public static bool IsUser(string text) => IsName(text)
        || (text.StartsWith(WithoutName, StringComparison.Ordinal) && uint.TryParse(text[WithoutName.Length..], NumberStyles.None, null, out _));

    private static bool IsName(string text) => text.Length is > 0 and <= LongestName && text.EnumerateRunes().All(IsOfName);

    private static bool IsOfName(Rune rune) => rune.Value != ':' && rune != Rune.ReplacementChar && Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
