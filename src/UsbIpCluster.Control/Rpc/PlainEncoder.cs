using System.Text.Encodings.Web;

namespace UsbIpCluster.Control.Rpc;

/// <summary>
/// Escapes what JSON does not allow in a string (RFC 8259, section 7) and nothing else. The runtime's own encoders also keep a table of all
/// characters, which is for text that ends on terminals and in web pages, and long in the making.
/// </summary>
internal sealed class PlainEncoder : JavaScriptEncoder
{
    /// <summary>The one that there need be.</summary>
    public static readonly PlainEncoder Instance = new();

    /// <inheritdoc/>
    public override int MaxOutputCharactersPerInputCharacter => 6;

    /// <inheritdoc/>
    public override bool WillEncode(int unicodeScalar) => unicodeScalar is < ' ' or '"' or '\\';

    /// <inheritdoc/>
    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength)
    {
        // A lone surrogate, too: U+FFFD is asked for instead.
        for (var i = 0; i < textLength; i++)
        {
            if (char.IsSurrogate(text[i]) && i + 1 < textLength && char.IsSurrogatePair(text[i], text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]) || WillEncode(text[i]))
                return i;
        }

        return -1;
    }

    /// <inheritdoc/>
    public override unsafe bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        Span<char> escaped = ['\\', 'u', '0', '0', '0', '0'];
        numberOfCharactersWritten = 0;
        if (bufferLength < escaped.Length || !unicodeScalar.TryFormat(escaped[2..], out _, "x4"))
            return false;
        escaped.CopyTo(new Span<char>(buffer, bufferLength));
        numberOfCharactersWritten = escaped.Length;
        return true;
    }
}
