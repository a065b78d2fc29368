namespace UsbIpCluster.Linux;

/// <summary>
/// Whether uevents arrive in a network namespace. Since Linux 4.18 the kernel sends them to those of the first user namespace only
/// (uevent_net_init in lib/kobject_uevent.c); a socket in another one can be opened, and stays silent.
/// </summary>
internal static class NetworkNamespace
{
    /// <summary>This process's.</summary>
    public const string Own = "/proc/self/ns/net";

    // PROC_USER_INIT_INO, include/linux/proc_ns.h.
    private const string FirstUserNamespace = "user:[4026531837]";

    /// <summary>False when they surely don't; true also when that can't be told.</summary>
    /// <param name="path">The namespace's file.</param>
    public static bool HearsUevents(string path = Own)
    {
        var file = SystemCalls.Open(path, SystemCalls.ReadOnly | SystemCalls.CloseOnExec);
        if (file < 0)
            return true;
        try
        {
            // Refused (EPERM) for an owner further out than this process's own user namespace, which may be the first.
            var owner = SystemCalls.Ioctl(file, SystemCalls.GetUserNamespace);
            if (owner < 0)
                return true;
            try
            {
                return new FileInfo($"/proc/self/fd/{owner}").LinkTarget is null or FirstUserNamespace;
            }
            finally
            {
                _ = SystemCalls.Close(owner);
            }
        }
        finally
        {
            _ = SystemCalls.Close(file);
        }
    }
}
