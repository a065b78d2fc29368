using System.CommandLine;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc events</c>: what happened, and what happens.</summary>
internal sealed class EventsCommand : CliCommand
{
    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on with what happens from now on, until Ctrl-C" };

    public EventsCommand()
        : base("events", "Show what happened, oldest first") => Add(_follow);

    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        var request = new EventsParams(arguments.GetValue(_follow));
        if (request.Follow)
        {
            await FollowAsync(session);
            return;
        }

        var rows = await session.AskAsync("the daemon", (client, cancelled) => client.EventsAsync(request, cancelled).ToListAsync(cancelled).AsTask());
        foreach (var row in rows)
            Print(session, row);
        if (rows.Count == 0)
            session.Remark("no events yet; to wait for some: usbipc events --follow");
    }

    /// <summary>Prints the recent events, and every later one, until it is cancelled.</summary>
    /// <exception cref="ControlException">The daemon's errors; NoDaemon; TimedOut.</exception>
    public static Task FollowAsync(Session session) => session.ListenAsync(async (client, cancelled) =>
    {
        await foreach (var row in client.EventsAsync(new EventsParams(Follow: true), cancelled))
        {
            Print(session, row);
            await session.Surroundings.Out.FlushAsync(cancelled);
        }
    });

    private static void Print(Session session, EventRow row)
    {
        var output = session.Surroundings.Out;
        if (session.Json)
            JsonOutput.WriteRow(output, row, ControlJson.Default.EventRow);
        else
            output.WriteLine(Words.Of(row, session.Surroundings.Clock.LocalTimeZone));
    }
}
