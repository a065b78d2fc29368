using System.Globalization;
using System.Text;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Linux;

/// <summary>
/// Names of vendors and products from the hardware database, the file <c>usb.ids</c> of hwdata or usbutils, for devices that do not name
/// themselves. It has some twenty thousand lines, and is asked once for each device that is plugged in: so it is read from its beginning to
/// the vendor, a block at a time, and nothing of it is kept.
/// </summary>
public sealed class HardwareNames
{
    // A real line has at most some hundred bytes, and the file less than a megabyte.
    private const int Block = 32 * 1024;
    private const int MaxFile = 16 * 1024 * 1024;

    private readonly IReadOnlyList<string> _files;

    /// <summary>Reads the first of these files that there is.</summary>
    /// <param name="files">Absolute paths; null for where distributions install it.</param>
    public HardwareNames(IReadOnlyList<string>? files = null) =>
        _files = files ?? ["/usr/share/hwdata/usb.ids", "/usr/share/misc/usb.ids", "/var/lib/usbutils/usb.ids"];

    /// <summary>The names of a vendor and of its product; null for what is not known, and where there is no file that can be read.</summary>
    public (string? Vendor, string? Product) Find(ushort vendor, ushort product)
    {
        foreach (var path in _files)
        {
            try
            {
                using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
                return Find(file, vendor, product);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // A device without a name is better than none.
            }
        }

        return default;
    }

    /// <summary>The device, with names where it has none of its own.</summary>
    internal LocalDevice Name(LocalDevice device)
    {
        if (device is { Manufacturer: not null, Product: not null })
            return device;
        var (vendor, product) = Find(device.Record.VendorId, device.Record.ProductId);
        return device with { Manufacturer = device.Manufacturer ?? vendor, Product = device.Product ?? product };
    }

    // VVVV  name, and below it a tab and PPPP  name. The classes that follow the vendors begin otherwise, and nothing says that they are last.
    private static (string?, string?) Find(FileStream file, ushort vendor, ushort product)
    {
        string? name = null;
        foreach (var line in Lines(file))
        {
            var text = line.Span;
            if (name is null)
                name = NameIn(text, vendor);
            else if (text is [(byte)'\t', .. var below])
            {
                if (NameIn(below, product) is { } found)
                    return (name, found);
            }
            else if (!text.IsEmpty && text[0] != '#')
            {
                break;
            }
        }

        return (name, null);
    }

    private static string? NameIn(ReadOnlySpan<byte> line, ushort id) =>
        line is [_, _, _, _, (byte)' ', (byte)' ', .. var name]
        && ushort.TryParse(line[..4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) && value == id
            ? Text.PrintableOrNull(Decode(name))
            : null;

    // Old files are in Latin 1.
    private static string Decode(ReadOnlySpan<byte> bytes) =>
        (System.Text.Unicode.Utf8.IsValid(bytes) ? Encoding.UTF8 : Encoding.Latin1).GetString(bytes);

    /// <summary>The lines, each valid until the next one is taken; one that is longer than a block is none.</summary>
    private static IEnumerable<ReadOnlyMemory<byte>> Lines(FileStream file)
    {
        var buffer = new byte[Block];
        var (start, end, read) = (0, 0, 0);
        var tooLong = false;
        while (true)
        {
            for (var length = LineLength(buffer, start, end); length >= 0; length = LineLength(buffer, start, end))
            {
                if (!tooLong)
                    yield return buffer.AsMemory(start, length);
                tooLong = false;
                start += length + 1;
            }

            if (start == 0 && end == buffer.Length)
                (start, tooLong) = (end, true);
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
            var count = read < MaxFile ? file.Read(buffer, end, buffer.Length - end) : 0;
            if (count == 0)
                break;
            end += count;
            read += count;
        }

        if (end > 0 && !tooLong)
            yield return buffer.AsMemory(0, end);
    }

    private static int LineLength(byte[] buffer, int start, int end) => buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
}
