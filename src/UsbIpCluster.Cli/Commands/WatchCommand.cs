using System.CommandLine;
using UsbIpCluster.Cli.Watch;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc watch</c>: nodes, devices, attachments and events as they are, on the whole terminal.</summary>
internal sealed class WatchCommand() : CliCommand(
    "watch", "Show nodes, devices and attachments live; q quits, arrows and PgUp/PgDn scroll, / filters (--json: as events --follow)")
{
    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        // A program has no use for a screen, but for what changes it.
        if (session.Json)
            await EventsCommand.FollowAsync(session);
        else if (session.Surroundings.OpenScreen() is { } screen)
            await WatchRun.ShowAsync(session, screen);
        else
            throw new ControlException(ControlError.Usage, "watch needs a terminal", "without one: usbipc events --follow");
    }
}
