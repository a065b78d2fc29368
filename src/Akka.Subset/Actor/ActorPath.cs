namespace Akka.Actor;

/// <summary>
/// The place of an actor in its system: an address and the names from the root down. Two paths are equal when these are; the uid,
/// which tells one incarnation of a name from the next, is compared by <see cref="IActorRef"/> alone.
/// </summary>
public class ActorPath : IEquatable<ActorPath>
{
    /// <summary>The characters, besides ASCII letters, digits and <c>%xx</c>, that a name may have.</summary>
    public const string ValidSymbols = "\"-_.*$+:@&=,!~';()";

    private const int MaxParsedLength = 2048;

    private readonly string[] _elements;

    private protected ActorPath(Address address, string[] elements, long uid)
    {
        Address = address;
        _elements = elements;
        Uid = uid;
    }

    /// <summary>The actor system.</summary>
    public Address Address { get; }

    /// <summary>The names from the root down; none for the root.</summary>
    public IReadOnlyList<string> Elements => _elements;

    /// <summary>The last name; <c>/</c> for the root.</summary>
    public string Name => _elements.Length == 0 ? "/" : _elements[^1];

    /// <summary>The incarnation, 0 when it is not known.</summary>
    public long Uid { get; }

    /// <summary>The path above this one; the root is above itself.</summary>
    public ActorPath Parent => _elements.Length == 0 ? this : Create(Address, _elements[..^1], 0);

    /// <summary>The same path with another uid.</summary>
    public ActorPath WithUid(long uid) => Create(Address, _elements, uid);

    /// <summary>True for a name that an actor may be given: not empty, not starting with <c>$</c>, valid characters only.</summary>
    public static bool IsValidPathElement(string s) => !string.IsNullOrEmpty(s) && s[0] != '$' && HasValidCharacters(s);

    private static bool HasValidCharacters(string s)
    {
        for (var i = 0; i < s.Length; i++)
        {
            if (s[i] == '%' && i + 2 < s.Length && char.IsAsciiHexDigit(s[i + 1]) && char.IsAsciiHexDigit(s[i + 2]))
                i += 2;
            else if (!char.IsAsciiLetterOrDigit(s[i]) && !ValidSymbols.Contains(s[i], StringComparison.Ordinal))
                return false;
        }

        return true;
    }

    /// <summary>Reads a path with its address, and its uid after <c>#</c> when there is one.</summary>
    /// <exception cref="FormatException">The text is no such path.</exception>
    public static ActorPath Parse(string path) =>
        TryParse(path, out var result) ? result : throw new FormatException($"'{path}' is not an actor's path");

    /// <summary>Reads a path with its address, and its uid after <c>#</c> when there is one.</summary>
    public static bool TryParse(string path, [NotNullWhen(true)] out ActorPath? actorPath)
    {
        actorPath = null;
        if (path is null || path.Length > MaxParsedLength || !Address.TryParse(path, out var address, out var rest))
            return false;
        long uid = 0;
        var hash = rest.LastIndexOf('#');
        if (hash >= 0)
        {
            if (!long.TryParse(rest.AsSpan(hash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out uid))
                return false;
            rest = rest[..hash];
        }

        var elements = rest.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (!elements.All(HasValidCharacters))
            return false;
        actorPath = Create(address, elements, uid);
        return true;
    }

    /// <summary>The path of a child.</summary>
    public static ActorPath operator /(ActorPath path, string name) => Create(path.Address, [.. path._elements, name], 0);

    internal static ActorPath Create(Address address, string[] elements, long uid) =>
        elements.Length == 0 ? new RootActorPath(address) : new ActorPath(address, elements, uid);

    /// <summary>The path without its address: <c>/user/a/b</c>.</summary>
    public string ToStringWithoutAddress() => "/" + string.Join('/', _elements);

    /// <summary>The path with <paramref name="address"/> where its own names no host, and with the uid.</summary>
    public string ToSerializationFormatWithAddress(Address address) =>
        (Address.HasLocalScope ? address : Address) + ToStringWithoutAddress() + (Uid == 0 ? "" : $"#{Uid}");

    /// <inheritdoc/>
    public override string ToString() => Address + ToStringWithoutAddress();

    /// <inheritdoc/>
    public bool Equals(ActorPath? other) =>
        other is not null && (ReferenceEquals(this, other) || (Address == other.Address && _elements.AsSpan().SequenceEqual(other._elements)));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ActorPath other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Address, _elements.Length, Name);

    /// <summary>Value equality, without the uid.</summary>
    public static bool operator ==(ActorPath? left, ActorPath? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Value inequality, without the uid.</summary>
    public static bool operator !=(ActorPath? left, ActorPath? right) => !(left == right);
}

/// <summary>The root of an actor system.</summary>
public sealed class RootActorPath(Address address) : ActorPath(address, [], 0);
