namespace Akka.Actor;

/// <summary>
/// Where an actor system is: <c>akka://name</c> for one without remoting, <c>akka.tcp://name@host:port</c> for one that others reach.
/// An IPv6 host stands in brackets, as in a URI.
/// </summary>
public sealed record Address : IComparable<Address>
{
    private const int MaxLength = 512;

    /// <summary>Names an actor system; the host is kept in lower case.</summary>
    public Address(string protocol, string system, string? host = null, int? port = null)
    {
        Protocol = protocol;
        System = system;
        Host = host?.ToLowerInvariant();
        Port = port;
    }

    /// <summary><c>akka</c> or <c>akka.tcp</c>.</summary>
    public string Protocol { get; }

    /// <summary>The name of the actor system.</summary>
    public string System { get; }

    /// <summary>The host, or null in a local address.</summary>
    public string? Host { get; }

    /// <summary>The TCP port, or null in a local address.</summary>
    public int? Port { get; }

    /// <summary>True when the address names no host.</summary>
    public bool HasLocalScope => Host is null;

    /// <summary>Reads what <see cref="ToString"/> writes.</summary>
    /// <exception cref="FormatException">The text is no address.</exception>
    public static Address Parse(string address) =>
        TryParse(address, out var result) ? result : throw new FormatException($"'{address}' is not an actor system's address");

    /// <summary>Reads what <see cref="ToString"/> writes; false when <paramref name="path"/> is none.</summary>
    public static bool TryParse(string path, [NotNullWhen(true)] out Address? address) =>
        TryParse(path, out address, out var rest) && rest is "" or "/";

    /// <summary>Reads the address that <paramref name="path"/> starts with; <paramref name="rest"/> is what follows, from its slash on.</summary>
    internal static bool TryParse(string? path, [NotNullWhen(true)] out Address? address, out string rest)
    {
        address = null;
        rest = "";
        var scheme = path?.IndexOf("://", StringComparison.Ordinal) ?? -1;
        if (path is null || scheme < 0)
            return false;
        var protocol = path[..scheme];
        if (protocol is not ("akka" or "akka.tcp"))
            return false;
        var slash = path.IndexOf('/', scheme + 3);
        var authority = slash < 0 ? path[(scheme + 3)..] : path[(scheme + 3)..slash];
        rest = slash < 0 ? "" : path[slash..];
        if (authority.Length > MaxLength)
            return false;

        var at = authority.IndexOf('@', StringComparison.Ordinal);
        if (at < 0)
        {
            if (!IsSystemName(authority))
                return false;
            address = new Address(protocol, authority);
            return true;
        }

        var colon = authority.LastIndexOf(':');
        if (!IsSystemName(authority[..at]) || colon < at + 2 || !IsHost(authority[(at + 1)..colon])
            || !ushort.TryParse(authority.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return false;
        address = new Address(protocol, authority[..at], authority[(at + 1)..colon], port);
        return true;
    }

    /// <summary>Letters, digits, <c>-</c> and <c>_</c>, the first a letter or digit.</summary>
    internal static bool IsSystemName(string name) =>
        name.Length is > 0 and <= 64 && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    private static bool IsHost(string host) =>
        host.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ':' or '[' or ']' or '%')
        && (host[0] == '[') == (host[^1] == ']') && (host[0] == '[' || !host.Contains(':', StringComparison.Ordinal));

    /// <inheritdoc/>
    public override string ToString() =>
        Host is null ? $"{Protocol}://{System}"
        : Port is null ? $"{Protocol}://{System}@{Host}"
        : $"{Protocol}://{System}@{Host}:{Port.Value.ToString(CultureInfo.InvariantCulture)}";

    /// <inheritdoc/>
    public int CompareTo(Address? other) =>
        other is null ? 1
        : string.CompareOrdinal(Host, other.Host) is var byHost and not 0 ? byHost
        : (Port ?? 0).CompareTo(other.Port ?? 0) is var byPort and not 0 ? byPort
        : string.CompareOrdinal(System, other.System) is var bySystem and not 0 ? bySystem
        : string.CompareOrdinal(Protocol, other.Protocol);
}
