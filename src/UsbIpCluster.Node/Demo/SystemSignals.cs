using System.Runtime.InteropServices;

namespace UsbIpCluster.Node;

/// <summary>Signals to processes that this program started.</summary>
internal static partial class SystemSignals
{
    private const int Term = 15;

    /// <summary>SIGTERM: asks a daemon to leave the cluster and stop. A process that has ended already is no error.</summary>
    public static void Terminate(int processId) => _ = Kill(processId, Term);

    [LibraryImport("libc.so.6", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}
