using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace UsbIpCluster.Protocol;

/// <summary>
/// A string descriptor: bLength, type 3, then UTF-16LE without a terminator; the one of index 0 has language codes instead.
/// Source: USB 2.0, section 9.6.7.
/// </summary>
public static class StringDescriptor
{
    /// <summary>The longest string, in UTF-16 code units.</summary>
    public const int MaxLength = (byte.MaxValue - DescriptorFrame.Size) / sizeof(char);

    /// <summary>The language code of American English, which every host asks for.</summary>
    public const ushort EnglishUnitedStates = 0x0409;

    /// <summary>
    /// Reads a string. Refused: another type, a bLength below 2. An odd last byte is skipped. What could steer a terminal is <c>?</c>
    /// in the result, see <see cref="PrintableText"/>.
    /// </summary>
    public static ReadResult<string> Read(ReadOnlySpan<byte> source)
    {
        var frame = DescriptorFrame.Read(source, DescriptorType.String, DescriptorFrame.Size);
        if (!frame.IsComplete)
            return ReadResult.Failed<int, string>(frame);

        var units = source[DescriptorFrame.Size..frame.Value];
        Span<char> text = stackalloc char[units.Length / sizeof(char)];
        for (var i = 0; i < text.Length; i++)
            text[i] = (char)BinaryPrimitives.ReadUInt16LittleEndian(units[(i * sizeof(char))..]);
        return ReadResult.Complete(PrintableText.From(text), frame.Value);
    }

    /// <summary>The descriptor of a string.</summary>
    /// <exception cref="ArgumentException">More than 126 UTF-16 code units.</exception>
    public static byte[] Encode(string text)
    {
        if (text.Length > MaxLength)
            throw new ArgumentException($"a string descriptor holds at most {MaxLength} characters", nameof(text));

        var bytes = new byte[DescriptorFrame.Size + (text.Length * sizeof(char))];
        DescriptorFrame.Write(bytes, DescriptorType.String, bytes.Length);
        for (var i = 0; i < text.Length; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(DescriptorFrame.Size + (i * sizeof(char))), text[i]);
        return bytes;
    }

    /// <summary>The descriptor of index 0: the languages that the strings are in.</summary>
    /// <exception cref="ArgumentException">More than 126 languages.</exception>
    public static byte[] EncodeLanguages(params ReadOnlySpan<ushort> languages) =>
        Encode(new string(MemoryMarshal.Cast<ushort, char>(languages)));
}
