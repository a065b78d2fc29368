using System.CommandLine;
using System.CommandLine.Parsing;
using UsbIpCluster.Cli.Commands;
using UsbIpCluster.Cli.Commands.Ca;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli;

/// <summary>The command line of usbipc: its commands, and a run of one of them.</summary>
internal static class CommandLine
{
    /// <summary>The exit code after Ctrl-C, as shells have it.</summary>
    public const int Interrupted = 130;

    public static readonly string[] HelpNames = ["--help", "-h", "-?", "/h", "/?"];

    // In the order in which help shows them.
    public static readonly string[] Names =
    [
        "list", "nodes", "bind", "unbind", "drain", "attach", "run", "detach", "port", "watch", "events", "status", "doctor", "version", "ca",
        "completion",
    ];

    /// <summary>Parses and runs; the exit code.</summary>
    // A name alone has nothing to parse. What a method mentions is loaded when it begins, so the parser is another one's.
    public static Task<int> RunAsync(string[] arguments, Surroundings surroundings, CancellationToken cancelled) =>
        arguments is [var name] && Listings.Find(name) is { } listing
            ? Session.RunAsync(surroundings, new GlobalValues(), listing, cancelled)
            : ParseAndRunAsync(arguments, surroundings, cancelled);

    private static Task<int> ParseAndRunAsync(string[] arguments, Surroundings surroundings, CancellationToken cancelled)
    {
        var options = new GlobalOptions();
        var root = arguments is [var first, ..] && Names.Contains(first) && !arguments.Any(HelpNames.Contains)
            ? CreateFor(first, options)
            : Create(options);
        arguments = RunCommand.TakeCommand(root, arguments, start => Parse(root, start));
        var parsed = Parse(root, arguments);
        // How long a bare one waits depends on the command, which only the parser finds among the options.
        if (arguments.Contains(WaitOption.Bare) && WaitOf(parsed) is { } wait)
            parsed = Parse(root, wait.WriteOut(arguments));
        if (parsed.Errors.Count > 0)
        {
            ErrorOutput.Write(surroundings, UsageError(parsed, arguments), arguments.Contains(GlobalOptions.JsonName), verbose: false);
            return Task.FromResult(ControlError.Usage.ExitCode());
        }

        return Session.RunAsync(surroundings, options.ValuesIn(parsed), session => RunAsync(session, parsed), cancelled);
    }

    // The parser has actions of its own for help and version only; a command's own is never called.
    private static Task RunAsync(Session session, ParseResult parsed)
    {
        if (parsed.Action is null || parsed.Action == parsed.CommandResult.Command.Action)
            return ((CliCommand)parsed.CommandResult.Command).RunAsync(session, parsed);
        var (output, error) = (session.Surroundings.Out, session.Surroundings.Error);
        parsed.Invoke(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false });
        return Task.CompletedTask;
    }

    /// <summary>The commands.</summary>
    public static RootCommand Create(GlobalOptions options)
    {
        var root = new RootCommand("Attach the USB devices of many hosts by what they are.");
        foreach (var name in Names)
            root.Add(Create(name));
        root.Add(new CompleteCommand(root));
        options.AddTo(root);
        return root;
    }

    // Of all commands only the one that is called, and no help: that alone takes half as long as everything else that a short command does.
    private static Command CreateFor(string name, GlobalOptions options)
    {
        var root = new Command("usbipc") { Create(name) };
        options.AddTo(root);
        return root;
    }

    private static Command Create(string name) => name switch
    {
        "list" => new ListCommand(),
        "nodes" => new NodesCommand(),
        "bind" => new BindCommand(),
        "unbind" => new UnbindCommand(),
        "drain" => new DrainCommand(),
        "attach" => new AttachCommand(),
        "run" => new RunCommand(),
        "detach" => new DetachCommand(),
        "port" => new PortCommand(),
        "watch" => new WatchCommand(),
        "events" => new EventsCommand(),
        "status" => new StatusCommand(),
        "doctor" => new DoctorCommand(),
        "version" => new VersionCommand(),
        "ca" => new CaCommand(),
        "completion" => new CompletionCommand(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no command"),
    };

    /// <summary>Parses. No response files: an argument that starts with @ is an argument.</summary>
    private static ParseResult Parse(Command root, string[] arguments) =>
        root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });

    private static WaitOption? WaitOf(ParseResult parsed) => parsed.CommandResult.Command.Options.OfType<WaitOption>().FirstOrDefault();

    private static string PathOf(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{PathOf(parent)}{command.Command.Name} " : "";

    private static ControlException UsageError(ParseResult parsed, string[] arguments)
    {
        var inCommand = parsed.CommandResult.Parent is not null;
        var message = parsed.UnmatchedTokens switch
        {
            [var token, ..] when token.StartsWith('-') => $"unknown option '{token}'",
            [var token, ..] => inCommand ? $"one argument too many: '{token}'" : $"no such command: '{token}'",
            _ when inCommand => parsed.Errors[0].Message.TrimEnd('.'),
            // Without a command that is the first error; another one says more.
            _ => parsed.Errors.Count == 1 ? "a command is missing" : parsed.Errors[1].Message.TrimEnd('.'),
        };
        var bareWait = Array.IndexOf(arguments, WaitOption.Bare);
        var hint = bareWait >= 0 && bareWait + 1 < arguments.Length && Duration.TryParse(arguments[bareWait + 1], out _) && WaitOf(parsed) is { } wait
            ? $"{WaitOption.Bare} takes its duration with =, as in {wait.WithDefault}"
            : $"see usbipc {PathOf(parsed.CommandResult)}--help";
        // The parser's sentences begin with a capital; an argument's name is one throughout.
        if (message is [_, var second, ..] && !char.IsUpper(second))
            message = char.ToLowerInvariant(message[0]) + message[1..];
        return new ControlException(ControlError.Usage, message, hint);
    }
}
