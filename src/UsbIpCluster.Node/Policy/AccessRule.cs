using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Enumeration;
using System.Net;
using System.Net.Sockets;

namespace UsbIpCluster.Node;

/// <summary>
/// Who is meant by one line of a policy: terms joined by commas, all of which must be true, each kind at most once. <c>node=GLOB</c> is the
/// importer's node (a name with <c>*</c> and <c>?</c>), <c>user=NAME</c> the user there (exactly as written), and an address or a network
/// (<c>10.0.0.7</c>, <c>fd00::/8</c>) is where the data connection comes from.
/// </summary>
internal sealed record AccessRule
{
    /// <summary>The longest text of a rule, in characters.</summary>
    public const int MaxLength = 512;

    private const string Form = "node=GLOB, user=NAME, an address or a network such as 10.0.0.0/8, joined by commas";

    /// <param name="node">The importer's node, by a name with <c>*</c> and <c>?</c>; null for any.</param>
    /// <param name="user">The user there; null for any.</param>
    /// <param name="network">The address of the data connection; null for any.</param>
    /// <exception cref="ArgumentException">All of them are null: a rule that says nothing would mean everybody.</exception>
    public AccessRule(string? node, string? user, IPNetwork? network)
    {
        if (node is null && user is null && network is null)
            throw new ArgumentException("a rule says something of a node, a user or an address", nameof(network));
        Node = node;
        User = user;
        Network = network is { } written ? Unmapped(written) : null;
    }

    /// <summary>The importer's node, by a name with <c>*</c> and <c>?</c>; null for any.</summary>
    public string? Node { get; }

    /// <summary>The user there; null for any.</summary>
    public string? User { get; }

    /// <summary>The address of the data connection; null for any. One of IPv4 where it was written as IPv4-mapped IPv6.</summary>
    public IPNetwork? Network { get; }

    /// <summary>Whether it is about addresses alone, and so says something of plain USB/IP clients too.</summary>
    public bool IsNetworkOnly => this is { Node: null, User: null };

    /// <summary>Reads rules that were written by <see cref="ToString"/>.</summary>
    /// <exception cref="FormatException">One of them is malformed.</exception>
    public static ImmutableArray<AccessRule> Parse(ImmutableArray<string> lines) =>
    [
        .. lines.Select(line => TryParse(line, out var rule, out var problem) ? rule : throw new FormatException(problem)),
    ];

    /// <summary>Reads a rule; when it is malformed, false and a text for the person who wrote it.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out AccessRule? rule, [NotNullWhen(false)] out string? problem)
    {
        rule = null;
        if (string.IsNullOrWhiteSpace(text))
            return Fail("the rule is empty", out problem);
        if (text.Length > MaxLength)
            return Fail($"the rule is longer than {MaxLength} characters", out problem);

        string? node = null;
        string? user = null;
        IPNetwork? network = null;
        foreach (var term in text.Split(',', StringSplitOptions.TrimEntries))
        {
            switch (term.Split('=', 2, StringSplitOptions.TrimEntries))
            {
                case [var key, var name] when key.Equals("node", StringComparison.OrdinalIgnoreCase):
                    if (node is not null)
                        return Fail("'node=' stands there twice", out problem);
                    if (!IsNodeGlob(name))
                        return Fail($"'{name}' is no node name; * and ? stand for other characters", out problem);
                    node = name;
                    break;
                case [var key, var name] when key.Equals("user", StringComparison.OrdinalIgnoreCase):
                    if (user is not null)
                        return Fail("'user=' stands there twice", out problem);
                    if (name.Length == 0 || name.Any(char.IsControl))
                        return Fail("'user=' needs the name of a user", out problem);
                    user = name;
                    break;
                case [var address]:
                    if (network is not null)
                        return Fail($"'{address}' is a second address; write a rule for each", out problem);
                    network = ParseNetwork(address, out problem);
                    if (network is null)
                        return Fail(problem ?? $"'{address}' is no rule; use {Form}", out problem);
                    break;
                case [var key, ..]:
                    return Fail($"'{key}' is no key of a rule; use {Form}", out problem);
            }
        }

        rule = new AccessRule(node, user, network);
        problem = null;
        return true;
    }

    /// <summary>Whether this is about the importer; null when that depends on an address that is not known yet.</summary>
    public bool? Matches(NodeName node, string? user, IPAddress? address)
    {
        if (Node is not null && !FileSystemName.MatchesSimpleExpression(Node, node.Value, ignoreCase: true))
            return false;
        if (User is not null && User != user)
            return false;
        return Network is null ? true : address is null ? null : Covers(address);
    }

    /// <summary>Whether an address is one of those that are meant; false when the rule says nothing of addresses.</summary>
    public bool Covers(IPAddress address) =>
        Network is { } network && network.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    /// <summary>The rule as <see cref="TryParse"/> reads it.</summary>
    public override string ToString() => string.Join(
        ',',
        new[] { Node is null ? null : "node=" + Node, User is null ? null : "user=" + User, Network is { } network ? TextOf(network) : null }
            .OfType<string>());

    /// <summary>
    /// A network as it is compared: of IPv4 where it was written as IPv4-mapped IPv6. A dual-mode listener sees an IPv4 client as
    /// <c>::ffff:a.b.c.d</c>, and what is written may be either.
    /// </summary>
    public static IPNetwork Unmapped(IPNetwork network) =>
        network.BaseAddress.IsIPv4MappedToIPv6 ? new IPNetwork(network.BaseAddress.MapToIPv4(), network.PrefixLength - 96) : network;

    private static bool Fail(string why, out string problem)
    {
        problem = why;
        return false;
    }

    private static bool IsNodeGlob(string text) =>
        text.Length is > 0 and <= NodeName.MaxLength && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '*' or '?');

    private static IPNetwork? ParseNetwork(string text, out string? problem)
    {
        problem = null;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var written = slash < 0 ? text : text[..slash];

        // The framework reads "10", "0x7f.1", "[::1]:80" and "fe80::1%eth0" as addresses, too: whoever writes these means something else.
        if (written.AsSpan().ContainsAny("[]%") || !IPAddress.TryParse(written, out var address)
            || (address.AddressFamily == AddressFamily.InterNetwork && address.ToString() != written))
            return null;
        var longest = address.GetAddressBytes().Length * 8;
        var prefix = longest;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, null, out prefix) || prefix > longest))
        {
            problem = $"'{text}' is no network: behind the slash stands a number up to {longest}";
            return null;
        }

        if (IPNetwork.TryParse($"{address}/{prefix}", out var network) && network.BaseAddress.Equals(address))
            return network;
        problem = $"'{text}' is no network: its address has more than {prefix} bits";
        return null;
    }

    private static string TextOf(IPNetwork network) =>
        network.PrefixLength == network.BaseAddress.GetAddressBytes().Length * 8 ? network.BaseAddress.ToString() : network.ToString();
}
