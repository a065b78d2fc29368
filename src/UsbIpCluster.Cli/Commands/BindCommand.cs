using System.CommandLine;
using UsbIpCluster.Cli.Completion;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc bind</c>: exports local devices.</summary>
internal sealed class BindCommand : CliCommand
{
    private readonly Argument<string?> _selector = GlobalOptions.SelectorArgument(required: false);
    private readonly Option<string?> _busId = GlobalOptions.BusIdOption();
    private readonly Option<bool> _all = new("--all") { Description = "Every local device that matches, now and later" };
    private readonly Option<string?> _name = new("--name") { Description = "A name for it in the cluster", HelpName = "NAME" };
    private readonly Option<string[]> _allow = RuleOption(
        "--allow",
        "Who may have it: node=NAME, user=NAME, an address or ADDRESS/BITS; joined by commas all must match; once for each rule [default: everybody]");

    private readonly Option<string[]> _deny = RuleOption("--deny", "Who may not, written as for --allow, which it goes before; once for each rule");

    public BindCommand()
        : base("bind", "Export a local device, and again after a replug or a reboot")
    {
        Add(_selector);
        Add(_busId);
        Add(_all);
        Add(_name);
        Add(_allow);
        Add(_deny);
        Validators.Add(result =>
        {
            GlobalOptions.RequireOne(result, _selector, _busId);
            if (GlobalOptions.IsGiven(result, _all) && GlobalOptions.IsGiven(result, _name))
                result.AddError("--name goes with one device, not with --all");
        });
    }

    /// <inheritdoc/>
    public override Task<IReadOnlyList<Candidate>> CompleteAsync(Func<Task<ControlClient>> connect, CancellationToken cancellationToken) =>
        DevicesAsync(connect, local: true, device => device.State == DeviceStates.Unbound, cancellationToken);

    /// <inheritdoc/>
    public override Task RunAsync(Session session, ParseResult arguments)
    {
        var request = new BindParams(
            (arguments.GetValue(_selector) ?? arguments.GetValue(_busId))!,
            arguments.GetValue(_name),
            arguments.GetValue(_all),
            Rules(arguments, _allow),
            Rules(arguments, _deny));
        return RunAsync(session, "exported", (client, cancelled) => client.BindAsync(request, cancelled));
    }

    /// <summary>Binds or unbinds, and says what was done to which device; to how many of them.</summary>
    public static async Task<int> RunAsync(Session session, string done, Func<ControlClient, CancellationToken, Task<IReadOnlyList<DeviceRow>>> ask)
    {
        var rows = await session.AskAsync("the device", ask);
        if (session.Json)
        {
            JsonOutput.WriteRows(session.Surroundings.Out, rows, ControlJson.Default.DeviceRow);
            return rows.Count;
        }

        foreach (var row in rows)
            session.Surroundings.Out.WriteLine($"{done}: {Words.Of(row)}");
        return rows.Count;
    }

    /// <summary>An option that takes one rule, as often as it is given. A comma is the rule's own.</summary>
    private static Option<string[]> RuleOption(string name, string description)
    {
        var option = new Option<string[]>(name) { Description = description, HelpName = "RULE", AllowMultipleArgumentsPerToken = false };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
                result.AddError($"{name} takes a rule such as node=lab2, user=alice or 10.1.0.0/16");
            else if (result.Tokens.Count > BindParams.MostRules)
                result.AddError($"{name} is given more than {BindParams.MostRules} times");
        });
        return option;
    }

    /// <summary>The rules of an option; null when it is not given.</summary>
    private static string[]? Rules(ParseResult arguments, Option<string[]> option) => arguments.GetValue(option) is { Length: > 0 } rules ? rules : null;
}
