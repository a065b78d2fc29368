using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace UsbIpCluster.Protocol;

/// <summary>Names of the class codes that the USB Implementers Forum has defined, as they stand in selectors and tables.</summary>
public static class UsbClassCodes
{
    /// <summary>0x01: sound cards, microphones.</summary>
    public const byte Audio = 0x01;

    /// <summary>0x02: modems, serial ports, network adapters (communications device class).</summary>
    public const byte Cdc = 0x02;

    /// <summary>0x03: keyboards, mice (human interface device).</summary>
    public const byte Hid = 0x03;

    /// <summary>0x08: disks.</summary>
    public const byte MassStorage = 0x08;

    /// <summary>0x09: hubs, which USB/IP does not export.</summary>
    public const byte Hub = 0x09;

    /// <summary>0x0a: the data interface of a <see cref="Cdc"/> function.</summary>
    public const byte CdcData = 0x0a;

    /// <summary>0xff: defined by the vendor.</summary>
    public const byte Vendor = 0xff;

    // A handful of entries: searched in order, which costs the start of a command nothing.
    private static readonly (string Name, byte Code)[] Table =
    [
        ("audio", Audio),
        ("cdc", Cdc),
        ("hid", Hid),
        ("physical", 0x05),
        ("image", 0x06),
        ("printer", 0x07),
        ("mass-storage", MassStorage),
        ("hub", Hub),
        ("cdc-data", CdcData),
        ("smart-card", 0x0b),
        ("content-security", 0x0d),
        ("video", 0x0e),
        ("healthcare", 0x0f),
        ("audio-video", 0x10),
        ("billboard", 0x11),
        ("type-c-bridge", 0x12),
        ("bulk-display", 0x13),
        ("mctp", 0x14),
        ("i3c", 0x3c),
        ("diagnostic", 0xdc),
        ("wireless", 0xe0),
        ("miscellaneous", 0xef),
        ("application", 0xfe),
        ("vendor", Vendor),
    ];

    /// <summary>Every name, in the order of the codes; for completion and error messages.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Table.Select(entry => entry.Name)];

    /// <summary>The name of a class code, or its two hex digits when it has none.</summary>
    public static string NameOf(byte code)
    {
        foreach (var entry in Table)
        {
            if (entry.Code == code)
                return entry.Name;
        }

        return code.ToString("x2");
    }

    /// <summary>Reads a name (upper or lower case) or two hex digits.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out byte code)
    {
        foreach (var entry in Table)
        {
            if (entry.Name.Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                code = entry.Code;
                return true;
            }
        }

        code = 0;
        return text is { Length: 2 } && byte.TryParse(text, NumberStyles.AllowHexSpecifier, null, out code);
    }
}
