using System.CommandLine;
using UsbIpCluster.Cli.Commands;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli;

/// <summary>The command line of usbipc: its commands, and a run of one of them.</summary>
internal static class CommandLine
{
    /// <summary>The exit code after Ctrl-C, as shells have it.</summary>
    public const int Interrupted = 130;

    /// <summary>Parses and runs; the exit code.</summary>
    public static Task<int> RunAsync(string[] arguments, Surroundings surroundings, CancellationToken cancelled)
    {
        var options = new GlobalOptions();
        // No response files: an argument that starts with @ is an argument.
        var parsed = Create(options).Parse(Normalize(arguments), new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            ErrorOutput.Write(surroundings, UsageError(parsed, arguments), arguments.Contains(GlobalOptions.JsonName), verbose: false);
            return Task.FromResult(ControlError.Usage.ExitCode());
        }

        return Session.RunAsync(surroundings, options, parsed, cancelled);
    }

    /// <summary>The commands.</summary>
    public static RootCommand Create(GlobalOptions options)
    {
        var root = new RootCommand("Attach the USB devices of many hosts by what they are.")
        {
            new ListCommand(), new NodesCommand(), new BindCommand(), new UnbindCommand(), new AttachCommand(), new DetachCommand(),
            new PortCommand(), new EventsCommand(), new VersionCommand(),
        };
        options.AddTo(root);
        return root;
    }

    /// <summary>
    /// An option with an optional value takes the next argument for it, whatever that is. <c>--wait</c> takes its value with <c>=</c> only, so
    /// a bare one becomes the one with the default.
    /// </summary>
    private static List<string> Normalize(string[] arguments)
    {
        var end = Array.IndexOf(arguments, "--") is var found and >= 0 ? found : arguments.Length;
        return [.. arguments.Select((argument, i) => i < end && argument == AttachCommand.WaitName ? AttachCommand.WaitByDefault : argument)];
    }

    private static ControlException UsageError(ParseResult parsed, string[] arguments)
    {
        var inCommand = parsed.CommandResult.Command is not RootCommand;
        var message = parsed.UnmatchedTokens switch
        {
            [var token, ..] when token.StartsWith('-') => $"unknown option '{token}'",
            [var token, ..] => inCommand ? $"one argument too many: '{token}'" : $"no such command: '{token}'",
            _ when inCommand => parsed.Errors[0].Message.TrimEnd('.'),
            // Without a command that is the first error; another one says more.
            _ => parsed.Errors.Count == 1 ? "a command is missing" : parsed.Errors[1].Message.TrimEnd('.'),
        };
        var bareWait = Array.IndexOf(arguments, AttachCommand.WaitName);
        var hint = bareWait >= 0 && bareWait + 1 < arguments.Length && Duration.TryParse(arguments[bareWait + 1], out _)
            ? $"{AttachCommand.WaitName} takes its duration with =, as in {AttachCommand.WaitByDefault}"
            : $"see usbipc {(inCommand ? $"{parsed.CommandResult.Command.Name} " : "")}--help";
        return new ControlException(ControlError.Usage, char.ToLowerInvariant(message[0]) + message[1..], hint);
    }
}
