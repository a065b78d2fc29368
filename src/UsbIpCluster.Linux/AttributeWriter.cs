using System.Runtime.InteropServices;

namespace UsbIpCluster.Linux;

/// <summary>Writes the kernel's attributes. Every write is a command, so it is one write(2), and its errno is the answer.</summary>
public interface IAttributeWriter
{
    /// <summary>Writes the whole value at once to a file that exists.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="value">The command, without a line end.</param>
    /// <returns>0, or the errno of opening or writing.</returns>
    int Write(string path, ReadOnlySpan<byte> value);
}

/// <summary>
/// open(O_WRONLY), one write(2), close. <see cref="FileStream"/> would buffer, could split a value into several writes, tries a lock,
/// and turns an errno into one of a few exceptions.
/// </summary>
internal sealed class NativeAttributeWriter : IAttributeWriter
{
    public int Write(string path, ReadOnlySpan<byte> value)
    {
        var fd = SystemCalls.Open(path, SystemCalls.WriteOnly | SystemCalls.CloseOnExec);
        if (fd < 0)
            return Marshal.GetLastPInvokeError();
        try
        {
            // Not repeated on EINTR: a command that the kernel has begun must not be given twice.
            var written = SystemCalls.Write(fd, value);
            if (written < 0)
                return Marshal.GetLastPInvokeError();
            return written == value.Length ? 0 : KernelError.InputOutput;
        }
        finally
        {
            _ = SystemCalls.Close(fd);
        }
    }
}
