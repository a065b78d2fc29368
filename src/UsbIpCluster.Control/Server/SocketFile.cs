using System.Net.Sockets;

namespace UsbIpCluster.Control.Server;

/// <summary>
/// The socket's file: exactly one daemon has it. A lock beside it decides between daemons that start together; what a dead one left is replaced.
/// </summary>
internal sealed class SocketFile : IDisposable
{
    private const int Backlog = 128;

    private readonly string _path;
    private readonly FileStream _lock;

    private SocketFile(string path, FileStream held, Socket listener)
    {
        _path = path;
        _lock = held;
        Listener = listener;
    }

    /// <summary>The socket that listens.</summary>
    public Socket Listener { get; }

    /// <summary>Creates the file and listens: mode 0660, and the group where it exists.</summary>
    /// <param name="path">The file.</param>
    /// <param name="group">The group.</param>
    /// <param name="report">Told when the file can't be given to the group.</param>
    /// <exception cref="ControlException">Another daemon has it, it is no socket, or it may not be created.</exception>
    public static SocketFile Open(string path, string group, Action<string, Exception?> report)
    {
        FileStream? held = null;
        Socket? listener = null;
        try
        {
            var endPoint = new UnixDomainSocketEndPoint(path);
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
                Directory.CreateDirectory(folder);
            held = Lock(path);
            RemoveDead(path, endPoint);
            listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(endPoint);
            // Nobody can connect before Listen, so nobody gets in before the mode is right.
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
            if (!Posix.TryGiveToGroup(path, group, out var problem))
                report($"{path} can't be given to the group {group}: {problem}; that group's users can't use it", null);
            listener.Listen(Backlog);
            return new SocketFile(path, held, listener);
        }
        catch (Exception e)
        {
            listener?.Dispose();
            held?.Dispose();
            throw e is ControlException ? e : Explain(path, e);
        }
    }

    /// <summary>Stops listening and removes the file. The lock file stays: removing it would let two daemons hold two locks.</summary>
    public void Dispose()
    {
        Listener.Dispose();
        File.Delete(_path);
        _lock.Dispose();
    }

    private static FileStream Lock(string path)
    {
        var file = path + ".lock";
        try
        {
            return new FileStream(file, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                // Who may open it may also hold the lock.
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException e) when (File.Exists(file))
        {
            throw AnotherRuns(path, e);
        }
    }

    private static void RemoveDead(string path, UnixDomainSocketEndPoint endPoint)
    {
        if (!Path.Exists(path))
            return;
        if (!Posix.IsSocket(path))
            throw new ControlException(ControlError.Failed, $"{path} exists and is not a socket", "remove it, or choose another path with --control");
        if (IsAnswered(endPoint))
            throw AnotherRuns(path, null);
        File.Delete(path);
    }

    private static bool IsAnswered(UnixDomainSocketEndPoint endPoint)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(endPoint);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static ControlException AnotherRuns(string path, Exception? cause) => new(
        ControlError.Failed,
        $"another daemon is running: it has {path}",
        "stop it (systemctl stop usbipcd), or choose another path with --control",
        innerException: cause);

    private static ControlException Explain(string path, Exception e) => e switch
    {
        ArgumentException => new(ControlError.Usage, $"the socket's path is empty or too long: {path}", "a Unix socket's path has at most 107 bytes", null, e),
        _ => new(ControlError.Failed, $"can't listen on {path}: {e.Message}", "run as root, or choose another path with --control", null, e),
    };
}
