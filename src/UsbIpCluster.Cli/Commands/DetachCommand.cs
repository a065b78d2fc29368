using System.CommandLine;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc detach</c>: ends attachments of this host.</summary>
internal sealed class DetachCommand : CliCommand
{
    private readonly Argument<string?> _target = GlobalOptions.SelectorArgument(
        required: false, "PORT|ID|SELECTOR", "A port's number, an attachment's id, or a selector");

    private readonly Option<bool> _all = new("--all") { Description = "Everything that is attached here" };

    public DetachCommand()
        : base("detach", "Detach a device from this host")
    {
        Add(_target);
        Add(_all);
        Validators.Add(result =>
        {
            if (GlobalOptions.IsGiven(result, _all) == GlobalOptions.IsGiven(result, _target))
                result.AddError("say what to detach: a port, an attachment's id, a selector, or --all");
        });
    }

    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        var request = new DetachParams(arguments.GetValue(_target), arguments.GetValue(_all));
        var rows = await session.AskAsync(request.Target ?? "all ports", (client, cancelled) => client.DetachAsync(request, cancelled));
        if (session.Json)
        {
            JsonOutput.WriteRows(session.Surroundings.Out, rows, ControlJson.Default.PortRow);
            return;
        }

        foreach (var row in rows)
            session.Surroundings.Out.WriteLine($"detached: {Words.Of(row with { State = "" })}");
        if (rows.Count == 0)
            session.Remark(PortCommand.NothingAttached);
    }
}
