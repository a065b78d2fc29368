using System.CommandLine;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc bind</c>: exports a local device.</summary>
internal sealed class BindCommand : CliCommand
{
    private readonly Argument<string?> _selector = GlobalOptions.SelectorArgument(required: true);
    private readonly Option<string?> _name = new("--name") { Description = "A name for it in the cluster", HelpName = "NAME" };

    public BindCommand()
        : base("bind", "Export a local device")
    {
        Add(_selector);
        Add(_name);
    }

    /// <inheritdoc/>
    public override Task RunAsync(Session session, ParseResult arguments)
    {
        var request = new BindParams(arguments.GetRequiredValue(_selector)!, arguments.GetValue(_name));
        return RunAsync(session, "exported", (client, cancelled) => client.BindAsync(request, cancelled));
    }

    /// <summary>Binds or unbinds, and says what was done to which device.</summary>
    public static async Task RunAsync(Session session, string done, Func<ControlClient, CancellationToken, Task<IReadOnlyList<DeviceRow>>> ask)
    {
        var rows = await session.AskAsync("the device", ask);
        if (session.Json)
        {
            JsonOutput.WriteRows(session.Surroundings.Out, rows, ControlJson.Default.DeviceRow);
            return;
        }

        foreach (var row in rows)
            session.Surroundings.Out.WriteLine($"{done}: {Words.Of(row)}");
        if (rows.Count == 0)
            session.Remark($"nothing to do: it was {done} before");
    }
}
