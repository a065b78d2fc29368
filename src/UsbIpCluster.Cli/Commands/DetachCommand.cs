using System.CommandLine;
using UsbIpCluster.Cli.Completion;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc detach</c>: ends attachments of this host.</summary>
internal sealed class DetachCommand : CliCommand
{
    private readonly Argument<string?> _target = GlobalOptions.SelectorArgument(
        required: false, "PORT|ID|SELECTOR", "A port's number, an attachment's id, or a selector");

    private readonly Option<string?> _port = PortOption();
    private readonly Option<bool> _all = new("--all") { Description = "Everything that is attached here" };

    public DetachCommand()
        : base("detach", "Detach a device from this host")
    {
        Add(_target);
        Add(_port);
        Add(_all);
        Validators.Add(result =>
        {
            bool[] given = [GlobalOptions.IsGiven(result, _target), GlobalOptions.IsGiven(result, _port), GlobalOptions.IsGiven(result, _all)];
            if (given.Count(isGiven => isGiven) != 1)
                result.AddError("say what to detach: a port, an attachment's id, a selector, or --all");
        });
    }

    /// <inheritdoc/>
    public override async Task<IReadOnlyList<Candidate>> CompleteAsync(Func<Task<ControlClient>> connect, CancellationToken cancellationToken)
    {
        await using var client = await connect();
        return [.. Candidates.Of(await client.PortAsync(new PortParams(), cancellationToken))];
    }

    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        var request = new DetachParams(arguments.GetValue(_target) ?? arguments.GetValue(_port), arguments.GetValue(_all));
        var rows = await session.AskAsync(request.Target ?? "all ports", (client, cancelled) => client.DetachAsync(request, cancelled));
        if (session.Json)
        {
            JsonOutput.WriteRows(session.Surroundings.Out, rows, ControlJson.Default.PortRow);
            return;
        }

        foreach (var row in rows)
            session.Surroundings.Out.WriteLine($"detached: {Words.Of(row with { State = "" })}");
        if (rows.Count == 0)
            session.Remark(Listings.NothingAttached);
    }

    // The port of the stock tools is written with two digits.
    private static Option<string?> PortOption()
    {
        var option = new Option<string?>("--port", "-p") { Description = "The port, as usbip has it", HelpName = "PORT" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && !(value.Length is > 0 and < 6 && value.All(char.IsAsciiDigit)))
                result.AddError($"--port takes a port's number, not '{value}'");
        });
        return option;
    }
}
