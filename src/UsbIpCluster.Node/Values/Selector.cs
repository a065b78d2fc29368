using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Enumeration;
using System.Text;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// Says which device is meant, by what it is: terms joined by commas (<c>\,</c> is a comma in a value), all of which must match.
/// Hex digits and names are compared without regard to case, serials exactly. Selectors are equal when their terms are, in any order and
/// however they are written.
/// </summary>
public sealed class Selector : IEquatable<Selector>
{
    /// <summary>The longest text of a selector, in characters.</summary>
    public const int MaxLength = 1024;

    private readonly ImmutableArray<Term> _terms;

    private Selector(string text, ImmutableArray<Term> terms)
    {
        Text = text;
        _terms = terms;
    }

    /// <summary>The selector as it was written.</summary>
    public string Text { get; }

    /// <summary>Whether the device is one of those that are meant.</summary>
    /// <param name="device">The device.</param>
    /// <param name="self">The node on which the selector was written: a bus id alone means a device of that node.</param>
    public bool Matches(ClusterDevice device, NodeName self) => _terms.All(term => term.Matches(device, self));

    /// <summary>Reads a selector; when it is malformed, false and a text for the person who wrote it.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Selector? selector, [NotNullWhen(false)] out string? problem)
    {
        selector = null;
        if (string.IsNullOrWhiteSpace(text))
            return Fail("the selector is empty", out problem);
        if (text.Length > MaxLength)
            return Fail($"the selector is longer than {MaxLength} characters", out problem);
        var terms = ImmutableArray.CreateBuilder<Term>();
        foreach (var part in Split(text))
        {
            if (Read(part, out var wrong) is not { } term)
                return Fail(wrong ?? "the selector is malformed", out problem);
            terms.Add(term);
        }

        selector = new Selector(text, terms.ToImmutable());
        problem = null;
        return true;
    }

    /// <summary>
    /// Just this device of its node: by its serial where that tells it from the others, else by its bus id; and by what it is, so that
    /// another device in its place is not meant.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="present">The devices of its node, itself among them or not.</param>
    public static Selector ForDevice(ClusterDevice device, IEnumerable<ClusterDevice> present) =>
        BySerial(device, present)
        ?? new Selector($"{device.Device.BusId},{IdsOf(device)}", [new Place(null, device.Device.BusId), IdsOf(device)]);

    /// <summary>The same for a device of any node, as seen from any: one that its serial tells from all others is meant wherever it is.</summary>
    /// <param name="device">The device.</param>
    /// <param name="present">The devices of the cluster, itself among them or not.</param>
    public static Selector ForDeviceOfCluster(ClusterDevice device, IEnumerable<ClusterDevice> present) =>
        BySerial(device, present)
        ?? new Selector($"{device.FullName},{IdsOf(device)}", [new Place(device.Node, device.Device.BusId), IdsOf(device)]);

    /// <summary>Both texts that <see cref="ForDeviceOfCluster"/> may write for a device, whatever else is present.</summary>
    public static IEnumerable<string> NamesOf(ClusterDevice device) =>
        [ForDeviceOfCluster(device, []).Text, $"{device.FullName},{IdsOf(device)}"];

    /// <summary>Whether it has a term that is meant for one device: a serial, a name or a place.</summary>
    public bool NamesOneDevice => _terms.Any(term => term is Serial or Name or Place);

    /// <summary>Whether it goes by the name that an operator gave.</summary>
    public bool HasName => _terms.Any(term => term is Name);

    /// <inheritdoc/>
    public bool Equals(Selector? other) => other is not null && _terms.ToHashSet().SetEquals(other._terms);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Selector);

    /// <inheritdoc/>
    public override int GetHashCode() => _terms.Distinct().Aggregate(0, (hash, term) => hash ^ term.GetHashCode());

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static Selector? BySerial(ClusterDevice device, IEnumerable<ClusterDevice> present)
    {
        var ids = IdsOf(device);
        if (device.Device.Serial is not { Length: > 0 } value || $"serial={Escape(value)},{ids}" is not { Length: <= MaxLength } text)
            return null;
        var selector = new Selector(text, [new Serial(value), ids]);
        return present.Any(other => other.FullName != device.FullName && selector.Matches(other, device.Node)) ? null : selector;
    }

    private static Ids IdsOf(ClusterDevice device) => new(device.Device.VendorId, device.Device.ProductId);

    private static string Escape(string value) => value.Replace(@"\", @"\\").Replace(",", @"\,");

    private static bool Fail(string why, out string problem)
    {
        problem = why;
        return false;
    }

    private static IEnumerable<string> Split(string text)
    {
        var part = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] is ',' or '\\')
            {
                part.Append(text[++i]);
            }
            else if (text[i] == ',')
            {
                yield return part.ToString();
                part.Clear();
            }
            else
            {
                part.Append(text[i]);
            }
        }

        yield return part.ToString();
    }

    private static Term? Read(string text, out string? problem)
    {
        problem = null;
        if (text.IndexOf('=', StringComparison.Ordinal) is >= 0 and var equals)
            return ReadNamed(text[..equals].Trim().ToLowerInvariant(), text[(equals + 1)..], ref problem);
        text = text.Trim();
        if (text is [_, _, _, _, ':', _, _, _, _]
            && TryHex(text[..4], out ushort vendor)
            && TryHex(text[5..], out ushort product))
            return new Ids(vendor, product);
        if (text.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash)
        {
            if (NodeName.TryParse(text[..slash], out var node) && BusId.TryParse(text[(slash + 1)..], out var there))
                return new Place(node, there);
        }
        else if (BusId.TryParse(text, out var here) && !text.Contains(':', StringComparison.Ordinal))
        {
            return new Place(null, here);
        }

        problem = $"'{text}' is no selector; use VID:PID, serial=S, name=NAME, NODE/BUSID, BUSID, product=GLOB or class=CLASS";
        return null;
    }

    private static Term? ReadNamed(string key, string value, ref string? problem)
    {
        if (value.Length == 0)
        {
            problem = $"'{key}=' needs a value";
            return null;
        }

        switch (key)
        {
            case "serial":
                return new Serial(value);
            case "name":
                return new Name(value.ToUpperInvariant());
            case "product":
                return new Product(value.ToUpperInvariant());
            case "class" when UsbClassCodes.TryParse(value, out var code):
                return new Class(code);
            case "class":
                problem = $"'{value}' is no USB class; use a name such as mass-storage, hid or cdc, or two hex digits";
                return null;
            default:
                problem = $"'{key}' is no selector key; use serial, name, product or class";
                return null;
        }
    }

    private static bool TryHex(string digits, out ushort value) =>
        ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);

    private abstract record Term
    {
        public abstract bool Matches(ClusterDevice device, NodeName self);
    }

    private sealed record Ids(ushort Vendor, ushort Product) : Term
    {
        public override bool Matches(ClusterDevice device, NodeName self) =>
            device.Device.VendorId == Vendor && device.Device.ProductId == Product;

        public override string ToString() => $"{Vendor:x4}:{Product:x4}";
    }

    private sealed record Serial(string Value) : Term
    {
        public override bool Matches(ClusterDevice device, NodeName self) =>
            string.Equals(device.Device.Serial, Value, StringComparison.Ordinal);
    }

    // Names and globs are kept in upper case: those that mean the same are the same.
    private sealed record Name(string Value) : Term
    {
        public override bool Matches(ClusterDevice device, NodeName self) =>
            string.Equals(device.Device.Name, Value, StringComparison.OrdinalIgnoreCase);
    }

    private sealed record Product(string Glob) : Term
    {
        public override bool Matches(ClusterDevice device, NodeName self) =>
            device.Device.Product is { } product && FileSystemName.MatchesSimpleExpression(Glob, product, ignoreCase: true);
    }

    private sealed record Class(byte Code) : Term
    {
        public override bool Matches(ClusterDevice device, NodeName self) =>
            device.Device.DeviceClass.Class == Code || device.Device.Interfaces.Any(face => face.Class == Code);
    }

    private sealed record Place(NodeName? Node, BusId BusId) : Term
    {
        public override bool Matches(ClusterDevice device, NodeName self) =>
            device.Device.BusId == BusId && device.Node == (Node ?? self);
    }
}
