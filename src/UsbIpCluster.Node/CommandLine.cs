using System.CommandLine;
using System.Runtime.InteropServices;

namespace UsbIpCluster.Node;

/// <summary>The daemon's command line: options that are configuration keys by another name, and the demo.</summary>
internal static class CommandLine
{
    /// <summary>Exit code of a wrong command line or configuration.</summary>
    public const int UsageError = 2;

    private static readonly Option<string?> Config = new("--config")
    {
        Description = $"The configuration file (default: {OptionsReader.DefaultFile}, if it is there)",
        HelpName = "FILE",
    };

    // Each option sets the configuration key beside it.
    private static readonly (Option Option, string Key)[] Keys =
    [
        (One("--node", "NAME", "This node's name (default: the host's)"), "node"),
        (One("--state", "DIR", "The state folder"), "state"),
        (One("--control", "SOCKET", "The socket that usbipc speaks to"), "control"),
        (One("--listen", "ADDR:PORT", "Where USB/IP is served"), "listen"),
        (One("--cluster", "ADDR:PORT", "Where the cluster is served"), "cluster.listen"),
        (Many("--seed", "ADDR:PORT", "A node of the cluster to join; may be repeated"), "cluster.seeds"),
        (Many("--advertise", "ADDR[:PORT]", "Where importers reach this node; may be repeated"), "advertise"),
        (Many("--exporter", "KIND", "kernel, simulated or none; may be repeated"), "exporters"),
        (One("--host-controller", "KIND", "kernel, simulated or none"), "hostController"),
        (One("--log-level", "LEVEL", "trace, debug, information, warning, error, critical or none"), "log.level"),
        (One("--log-format", "FORMAT", "text or json"), "log.format"),
    ];

    /// <summary>Runs what the arguments say, and returns the exit code.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("usbipcd: shares this host's USB devices with a cluster, and attaches the cluster's devices to this host.")
        {
            Config,
        };
        foreach (var (option, _) in Keys)
            root.Options.Add(option);
        root.SetAction((parsed, cancelled) => DaemonCommand.RunAsync(parsed.GetValue(Config), Values(parsed), cancelled));
        root.Subcommands.Add(DemoCommand());

        var result = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.Errors.Count > 0)
        {
            foreach (var error in result.Errors)
                await Console.Error.WriteLineAsync($"usbipcd: {error.Message}");
            await Console.Error.WriteLineAsync("usbipcd --help shows what there is");
            return UsageError;
        }

        // SIGTERM and SIGINT end the run in order, however long that takes: the parser would end the process after 2 s.
        using var stop = new CancellationTokenSource();
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, stop));
        return await result.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }, stop.Token);
    }

    private static void Stop(PosixSignalContext signal, CancellationTokenSource stop)
    {
        signal.Cancel = true;
        stop.Cancel();
    }

    private static Command DemoCommand()
    {
        var exit = new Option<bool>("--exit") { Description = "End by itself when everything was shown" };
        var controller = new Option<HostControllerKind>("--host-controller")
        {
            Description = "kernel or simulated (default: simulated)",
            HelpName = "KIND",
            DefaultValueFactory = _ => HostControllerKind.Simulated,
        };
        controller.AcceptOnlyFromAmong("kernel", "simulated");
        var demo = new Command(
            "demo", "Starts a cluster of three nodes on loopback with simulated devices, and shows an attach, a loss and a reattach.")
        {
            exit,
            controller,
        };
        demo.SetAction(async (parsed, cancelled) =>
        {
            // Its nodes take a hang-up for a wish to read their configuration again: when the terminal closes, the demo has to end them.
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
            using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => Stop(signal, stop));
            return await DemoRun.RunAsync(parsed.GetValue(exit), parsed.GetValue(controller), stop.Token);
        });
        return demo;
    }

    private static Option<string?> One(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };

    private static Option<string[]> Many(string name, string value, string description) =>
        new(name) { HelpName = value, Description = description };

    private static IEnumerable<KeyValuePair<string, string?>> Values(ParseResult parsed)
    {
        foreach (var (option, key) in Keys)
        {
            if (parsed.GetResult(option) is null)
                continue;
            if (option is Option<string[]> many)
            {
                var values = parsed.GetValue(many) ?? [];
                for (var i = 0; i < values.Length; i++)
                    yield return KeyValuePair.Create($"{key}.{i}", (string?)values[i]);
            }
            else
            {
                yield return KeyValuePair.Create(key, parsed.GetValue((Option<string?>)option));
            }
        }
    }
}
