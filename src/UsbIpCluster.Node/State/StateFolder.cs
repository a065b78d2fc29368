using System.Runtime.InteropServices;

namespace UsbIpCluster.Node;

/// <summary>
/// The folder of what a node must not forget, over restarts and reboots. A file is replaced as a whole and is on the disk when the write
/// completes: a crash at any moment leaves the old one or the new one. The folder is the daemon's alone (0700), its files too (0600).
/// </summary>
internal sealed partial class StateFolder
{
    private const string Unfinished = ".new";
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // Nothing that a node keeps comes near it: more was not written by this program.
    private const long MaxSize = 16 * 1024 * 1024;

    private readonly string _path;

    private StateFolder(string path) => _path = path;

    /// <summary>Opens the folder, and makes it where it is not there.</summary>
    /// <exception cref="IOException">It can't be made.</exception>
    /// <exception cref="UnauthorizedAccessException">It can't be made.</exception>
    public static StateFolder Open(string path)
    {
        Directory.CreateDirectory(path, FolderMode);
        if (File.GetUnixFileMode(path) != FolderMode)
            File.SetUnixFileMode(path, FolderMode);
        return new StateFolder(Path.GetFullPath(path));
    }

    /// <summary>A folder in this one.</summary>
    public StateFolder Folder(string name) => Open(Path.Combine(_path, name));

    /// <summary>Where a file of this folder is.</summary>
    public string PathOf(string name) => Path.Combine(_path, name);

    /// <summary>A file's bytes; null when it is not there.</summary>
    /// <exception cref="IOException">It can't be read, or is too large.</exception>
    /// <exception cref="UnauthorizedAccessException">It can't be read.</exception>
    public byte[]? Read(string name)
    {
        var file = new FileInfo(PathOf(name));
        if (!file.Exists)
            return null;
        return file.Length <= MaxSize ? File.ReadAllBytes(file.FullName) : throw new IOException($"{file.FullName} has {file.Length} bytes");
    }

    /// <summary>Replaces a file; blocks until it is on the disk.</summary>
    /// <exception cref="IOException">It could not be written; the old one is still there.</exception>
    /// <exception cref="UnauthorizedAccessException">It could not be written; the old one is still there.</exception>
    public void Write(string name, ReadOnlySpan<byte> bytes)
    {
        var path = PathOf(name);
        var options = new FileStreamOptions
        {
            Mode = System.IO.FileMode.Create,
            Access = FileAccess.Write,
            BufferSize = 0,
            UnixCreateMode = FileMode,
        };
        using (var file = new FileStream(path + Unfinished, options))
        {
            file.Write(bytes);
            file.Flush(flushToDisk: true);
        }

        File.Move(path + Unfinished, path, overwrite: true);
        FlushFolder();
    }

    /// <summary>
    /// Copies a file that can't be used, so that a person can look at it when it has been replaced. It stays until then: there is no moment
    /// at which neither is there.
    /// </summary>
    public void SetAside(string name) => File.Copy(PathOf(name), PathOf(name) + ".broken", overwrite: true);

    // A rename is on the disk when its folder is, and the framework opens no folders.
    private void FlushFolder()
    {
        const int readOnlyAndCloseOnExec = 0x80000;
        var descriptor = OpenFile(_path, readOnlyAndCloseOnExec);
        if (descriptor < 0)
            throw new IOException($"{_path} can't be opened: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            if (Flush(descriptor) < 0)
                throw new IOException($"{_path} can't be written to the disk: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc.so.6", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc.so.6", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc.so.6", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
