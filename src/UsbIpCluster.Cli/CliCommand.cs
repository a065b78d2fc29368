using System.CommandLine;
using UsbIpCluster.Cli.Completion;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli;

/// <summary>One of the commands: its arguments and options, and what it does.</summary>
internal abstract class CliCommand(string name, string description) : Command(name, description)
{
    /// <summary>Does it, for arguments that parsed without an error.</summary>
    /// <exception cref="ControlException">It failed.</exception>
    public abstract Task RunAsync(Session session, ParseResult arguments);

    /// <summary>What its argument could be now.</summary>
    /// <param name="connect">Connects to the daemon, where it has to be asked.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ControlException">The daemon can't be asked.</exception>
    public virtual Task<IReadOnlyList<Candidate>> CompleteAsync(Func<Task<ControlClient>> connect, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Candidate>>([]);

    /// <summary>Devices that its argument could be.</summary>
    protected static async Task<IReadOnlyList<Candidate>> DevicesAsync(
        Func<Task<ControlClient>> connect, bool local, Func<DeviceRow, bool> fits, CancellationToken cancellationToken)
    {
        await using var client = await connect();
        return [.. Candidates.Of((await client.ListAsync(new ListParams(Local: local), cancellationToken)).Where(fits), local)];
    }
}
