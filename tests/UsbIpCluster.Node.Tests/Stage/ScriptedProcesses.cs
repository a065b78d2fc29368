using System.Collections.Immutable;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Node.Tests;

/// <summary>Processes that begin and end when the test says so.</summary>
internal sealed class ScriptedProcesses : IProcesses
{
    private ImmutableDictionary<int, ProcessIdentity> _alive = ImmutableDictionary<int, ProcessIdentity>.Empty;
    private ulong _started;
    private int _questions;

    /// <summary>How often it was asked whether one is alive.</summary>
    public int Questions => _questions;

    /// <summary>A process with this number; one that had it has ended.</summary>
    public void Begin(int id) => _alive = _alive.SetItem(id, new ProcessIdentity(id, ++_started, "boot"));

    public void End(int id) => _alive = _alive.Remove(id);

    public ProcessIdentity? Find(int id) => _alive.GetValueOrDefault(id);

    public bool IsAlive(ProcessIdentity process)
    {
        Interlocked.Increment(ref _questions);
        return Find(process.Id) == process;
    }
}
