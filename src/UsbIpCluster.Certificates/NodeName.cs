using System.Diagnostics.CodeAnalysis;

namespace UsbIpCluster;

/// <summary>
/// The name of a node of the cluster: 1 to 63 ASCII letters, digits, <c>.</c>, <c>-</c> or <c>_</c>, the first a letter or digit.
/// Names that differ only in case are the same name.
/// </summary>
public readonly record struct NodeName : IComparable<NodeName>
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxLength = 63;

    private readonly string? _value;

    private NodeName(string value) => _value = value;

    /// <summary>The text as it was written.</summary>
    public string Value => _value ?? "";

    /// <summary>Reads a node name; false when <paramref name="text"/> is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out NodeName name)
    {
        name = default;
        if (text is null || text.Length is 0 or > MaxLength || !char.IsAsciiLetterOrDigit(text[0]))
            return false;
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_'))
                return false;
        }

        name = new NodeName(text);
        return true;
    }

    /// <summary>Reads a node name.</summary>
    /// <exception cref="FormatException">The text is none.</exception>
    public static NodeName Parse(string text) =>
        TryParse(text, out var name) ? name : throw new FormatException($"'{text}' is not a node name");

    /// <inheritdoc/>
    public bool Equals(NodeName other) => string.Equals(Value, other.Value, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(Value);

    /// <inheritdoc/>
    public int CompareTo(NodeName other) => StringComparer.OrdinalIgnoreCase.Compare(Value, other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value;

    /// <summary>Orders names alphabetically.</summary>
    public static bool operator <(NodeName left, NodeName right) => left.CompareTo(right) < 0;

    /// <summary>Orders names alphabetically.</summary>
    public static bool operator >(NodeName left, NodeName right) => left.CompareTo(right) > 0;

    /// <summary>Orders names alphabetically.</summary>
    public static bool operator <=(NodeName left, NodeName right) => left.CompareTo(right) <= 0;

    /// <summary>Orders names alphabetically.</summary>
    public static bool operator >=(NodeName left, NodeName right) => left.CompareTo(right) >= 0;
}
