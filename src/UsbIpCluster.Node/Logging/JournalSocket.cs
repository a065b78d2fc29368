using System.Net.Sockets;

namespace UsbIpCluster.Node;

/// <summary>The socket of systemd-journald that takes entries with fields. For one thread at a time.</summary>
internal sealed class JournalSocket : IDisposable
{
    /// <summary>Where journald listens.</summary>
    public const string DefaultPath = "/run/systemd/journal/socket";

    private readonly string _path;
    private Socket? _socket;

    /// <param name="path">Where journald listens.</param>
    public JournalSocket(string path) => _path = path;

    /// <summary>
    /// Whether a stream of this process goes to the journal: systemd says in JOURNAL_STREAM which device and inode the stream had that it
    /// gave the process, and whoever has redirected it since has another one (systemd.exec(5)).
    /// </summary>
    /// <param name="journalStream">The variable; null when it is not set.</param>
    /// <param name="descriptor">What <c>/proc/self/fd</c> says of the stream: <c>socket:[INODE]</c>.</param>
    public static bool IsBehind(string? journalStream, string? descriptor) =>
        journalStream?.Split(':') is [_, { Length: > 0 } inode] && descriptor == $"socket:[{inode}]";

    /// <summary>What <c>/proc/self/fd</c> says of a descriptor; null when it is not open.</summary>
    public static string? Describe(int descriptor)
    {
        try
        {
            return new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Sends an entry; false when the journal does not take it. One that was restarted has another socket.</summary>
    public bool TrySend(ReadOnlySpan<byte> entry) => TrySendOnce(entry) || TrySendOnce(entry);

    /// <inheritdoc/>
    public void Dispose() => _socket?.Dispose();

    private bool TrySendOnce(ReadOnlySpan<byte> entry)
    {
        try
        {
            if (_socket is null)
            {
                _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
                _socket.Connect(new UnixDomainSocketEndPoint(_path));
            }

            return _socket.Send(entry) == entry.Length;
        }
        catch (SocketException)
        {
            _socket?.Dispose();
            _socket = null;
            return false;
        }
    }
}
