using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace UsbIpCluster.Node;

/// <summary>Names an attachment of one node: <c>a1</c>, <c>a2</c> ... Never used twice while a daemon runs.</summary>
/// <param name="Number">At least 1.</param>
public readonly record struct AttachmentId(uint Number)
{
    /// <summary>The id that follows this one.</summary>
    public AttachmentId Next => new(Number + 1);

    /// <summary>Reads <c>a</c> and a number; false for anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out AttachmentId id)
    {
        id = default;
        if (text is not ['a' or 'A', .. var digits]
            || !uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number == 0)
            return false;
        id = new AttachmentId(number);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"a{Number}";
}

/// <summary>Who holds a lease: one attachment of one node.</summary>
public sealed record Holder(NodeName Node, AttachmentId Attachment)
{
    /// <summary>Reads <c>NODE/aN</c>; null for anything else, the address of a plain USB/IP client above all.</summary>
    public static Holder? Parse(string? text)
    {
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        return slash > 0 && NodeName.TryParse(text![..slash], out var node) && AttachmentId.TryParse(text[(slash + 1)..], out var attachment)
            ? new Holder(node, attachment)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Node}/{Attachment}";
}
