using System.Runtime.InteropServices;
using System.Text;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Linux;

/// <summary>
/// The kernel's files below a root. Whatever it reads may vanish between two calls, so "absent" is an answer and no error; what is
/// there is read up to a bound. Paths begin with <c>/sys</c> (or <c>/proc</c>, <c>/dev</c>) and are taken below the root.
/// </summary>
public sealed class Sysfs
{
    /// <summary>The largest attribute, in bytes. The kernel's own bound is one page.</summary>
    internal const int MaxAttribute = 4096;

    private const int MaxEntries = 4096;

    private static readonly EnumerationOptions RealOnly = new() { AttributesToSkip = FileAttributes.ReparsePoint };

    private readonly string _root;
    private readonly IAttributeWriter _writer;

    /// <summary>The files below a root.</summary>
    /// <param name="root">An absolute path; <c>/</c> for this machine's.</param>
    /// <param name="writer">What carries out writes; null for the system's calls.</param>
    public Sysfs(string root = "/", IAttributeWriter? writer = null)
    {
        if (!Path.IsPathFullyQualified(root))
            throw new ArgumentException($"'{root}' is not an absolute path", nameof(root));
        _root = Path.TrimEndingDirectorySeparator(root) is "/" ? "" : Path.TrimEndingDirectorySeparator(root);
        _writer = writer ?? new NativeAttributeWriter();
    }

    /// <summary>The text of an attribute without its line end; null when it is absent.</summary>
    /// <exception cref="DeviceException">NoPermission, Refused: it is there and can't be read.</exception>
    internal string? ReadText(string path)
    {
        Span<byte> buffer = stackalloc byte[MaxAttribute];
        return Read(path, buffer) is { } length ? Encoding.UTF8.GetString(buffer[..length]).TrimEnd('\n') : null;
    }

    /// <summary>The bytes of an attribute, at most <paramref name="max"/>; null when it is absent.</summary>
    /// <exception cref="DeviceException">NoPermission, Refused: it is there and can't be read.</exception>
    internal byte[]? ReadBytes(string path, int max)
    {
        var buffer = new byte[max];
        return Read(path, buffer) is { } length ? buffer[..length] : null;
    }

    /// <summary>The lines of a file, at most <paramref name="max"/>; none when it is absent or can't be read.</summary>
    internal IReadOnlyList<string> Lines(string path, int max)
    {
        try
        {
            return File.ReadLines(_root + path).Take(max).ToList();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Whether there is a file, a directory or a link that leads to one.</summary>
    public bool Exists(string path) => Path.Exists(_root + path);

    /// <summary>The names in a directory, in no order; none when it is absent.</summary>
    internal IReadOnlyList<string> Entries(string path)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(_root + path).Take(MaxEntries).Select(entry => Path.GetFileName(entry)).ToList();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The names of the directories in a directory, without links to directories, in no order; none when it is absent.</summary>
    internal IReadOnlyList<string> Directories(string path)
    {
        try
        {
            var entries = Directory.EnumerateDirectories(_root + path, "*", RealOnly);
            return entries.Take(MaxEntries).Select(entry => Path.GetFileName(entry)).ToList();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The path that a symbolic link leads to, seen from the root; the path itself for what is no link; null when it is absent.</summary>
    internal string? Resolve(string path)
    {
        try
        {
            if (new FileInfo(_root + path).LinkTarget is not { } target)
                return Exists(path) ? path : null;
            var resolved = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(_root + path)!, target));
            return resolved.StartsWith(_root + "/", StringComparison.Ordinal) ? resolved[_root.Length..] : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The last part of what a symbolic link leads to; null when there is no such link.</summary>
    internal string? LinkName(string path)
    {
        try
        {
            return new FileInfo(_root + path).LinkTarget is { } target ? Path.GetFileName(target) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Gives the kernel a command.</summary>
    /// <returns>0, or the errno.</returns>
    internal int Write(string path, string value) => _writer.Write(_root + path, Encoding.ASCII.GetBytes(value));

    /// <summary>Reads up to the end of the file or of the buffer; null when the file is absent.</summary>
    private int? Read(string path, Span<byte> buffer)
    {
        var fd = SystemCalls.Open(_root + path, SystemCalls.ReadOnly | SystemCalls.CloseOnExec);
        if (fd < 0)
            return AbsentOrThrow(path);
        try
        {
            var length = 0;
            while (length < buffer.Length)
            {
                var read = SystemCalls.Read(fd, buffer[length..]);
                if (read < 0 && Marshal.GetLastPInvokeError() == KernelError.Interrupted)
                    continue;
                if (read < 0)
                    return AbsentOrThrow(path);
                if (read == 0)
                    break;
                length += (int)read;
            }

            return length;
        }
        finally
        {
            _ = SystemCalls.Close(fd);
        }
    }

    private static int? AbsentOrThrow(string path)
    {
        var errno = Marshal.GetLastPInvokeError();
        return KernelError.IsAbsent(errno) ? null : throw KernelError.Of(errno, $"reading {path}");
    }
}
