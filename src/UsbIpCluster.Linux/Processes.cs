using System.Globalization;

namespace UsbIpCluster.Linux;

/// <summary>A process that can be told from every other, earlier and later ones with its number included.</summary>
/// <param name="Id">Its number in this process's namespace.</param>
/// <param name="Start">When it started, in clock ticks since the boot.</param>
/// <param name="Boot">Which boot of the host.</param>
public sealed record ProcessIdentity(int Id, ulong Start, string Boot);

/// <summary>The processes of this host, as far as this process may see them.</summary>
public interface IProcesses
{
    /// <summary>The process that has this number now; null when none has, or none that can be seen.</summary>
    ProcessIdentity? Find(int id);

    /// <summary>Whether that process has not ended.</summary>
    bool IsAlive(ProcessIdentity process);
}

/// <summary>
/// The processes of <c>/proc</c>: proc_pid_stat(5). They are asked, not waited for: a pidfd would tell the end at once, but costs a
/// thread that waits, where a question costs some microseconds.
/// </summary>
/// <param name="files">The kernel's files.</param>
public sealed class Processes(Sysfs files) : IProcesses
{
    private const string BootId = "/proc/sys/kernel/random/boot_id";

    /// <inheritdoc/>
    public ProcessIdentity? Find(int id) =>
        id > 0 && StartOf(id) is { } start && files.ReadText(BootId) is { } boot ? new ProcessIdentity(id, start, boot) : null;

    /// <inheritdoc/>
    public bool IsAlive(ProcessIdentity process) => Find(process.Id) == process;

    /// <summary>When it started; null when there is none, or when it has ended and nobody has asked for its exit code yet.</summary>
    private ulong? StartOf(int id)
    {
        // The second field is the program's name in parentheses, which may hold anything: state is the third, starttime the 22nd.
        var stat = files.ReadText($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/stat") ?? "";
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 19 && fields[0] is not ("Z" or "X") && ulong.TryParse(fields[19], NumberStyles.None, null, out var start)
            ? start
            : null;
    }
}
