using System.CommandLine;
using System.CommandLine.Parsing;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli;

/// <summary>The options that every command takes, and the ways of writing arguments that commands share.</summary>
internal sealed class GlobalOptions
{
    public const string JsonName = "--json";
    public const string SocketName = "--socket";

    public Option<bool> Json { get; } = new(JsonName) { Description = "Print JSON, for programs", Recursive = true };

    public Option<string?> Socket { get; } = new(SocketName)
    {
        Description = $"The daemon's socket [default: ${ControlSocket.Variable} or {ControlSocket.DefaultPath}]",
        HelpName = "PATH",
        Recursive = true,
    };

    public Option<TimeSpan?> Timeout { get; } = DurationOption("--timeout", "How long to wait for the daemon", zero: false, recursive: true);

    public Option<bool> Verbose { get; } = new("-v", "--verbose") { Description = "More columns, and the causes of errors", Recursive = true };

    /// <summary>Adds them to the root.</summary>
    public void AddTo(Command root)
    {
        root.Add(Json);
        root.Add(Socket);
        root.Add(Timeout);
        root.Add(Verbose);
    }

    /// <summary>What was given of them.</summary>
    public GlobalValues ValuesIn(ParseResult parsed) =>
        new(parsed.GetValue(Json), parsed.GetValue(Verbose), parsed.GetValue(Timeout), parsed.GetValue(Socket));

    /// <summary>An option that takes a duration.</summary>
    public static Option<TimeSpan?> DurationOption(string name, string description, bool zero, bool recursive = false) => new(name)
    {
        Description = description,
        HelpName = "DURATION",
        Recursive = recursive,
        CustomParser = DurationParser(name, zero),
    };

    /// <summary>Reads a duration, and says what one looks like where it is none.</summary>
    public static Func<ArgumentResult, TimeSpan?> DurationParser(string name, bool zero) => result => ParseDuration(result, name, zero);

    /// <summary>An argument that names a device, a port or an attachment.</summary>
    public static Argument<string?> SelectorArgument(bool required, string name = "SELECTOR", string? description = null)
    {
        var argument = new Argument<string?>(name)
        {
            Arity = required ? ArgumentArity.ExactlyOne : ArgumentArity.ZeroOrOne,
            Description = description ?? "vid:pid, serial=S, name=NAME, NODE/BUSID, BUSID, product=GLOB or class=CLASS; several joined by commas",
        };
        // The parser takes an option that it does not know for an argument.
        argument.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (token.Value.StartsWith('-'))
                    result.AddError($"unknown option '{token.Value}'");
                else if (token.Value.Length == 0)
                    result.AddError($"{name} is empty");
            }
        });
        return argument;
    }

    /// <summary>
    /// <c>--busid BUSID</c> as usbip has it, for the selector <c>BUSID</c>: a device of this node, and of no other. What would be another
    /// selector is refused.
    /// </summary>
    public static Option<string?> BusIdOption()
    {
        var option = new Option<string?>("--busid", "-b") { Description = "The device by its bus id on this node, as usbip has it", HelpName = "BUSID" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && (value.Length == 0 || value.AsSpan().IndexOfAny(":=,/") >= 0))
                result.AddError($"--busid takes a bus id such as 1-1.4, not '{value}'");
        });
        return option;
    }

    /// <summary>Checks that a device is named once: by a selector or by its bus id.</summary>
    public static void RequireOne(CommandResult result, Argument selector, Option busId)
    {
        if (IsGiven(result, selector) == IsGiven(result, busId))
            result.AddError("say which device: a selector, or --busid");
    }

    /// <summary>Whether an option is there, right or wrong. Asking a wrong one for its value throws.</summary>
    public static bool IsGiven(CommandResult result, Option option) => result.GetResult(option) is { Implicit: false };

    /// <summary>Whether an argument is there, right or wrong.</summary>
    public static bool IsGiven(CommandResult result, Argument argument) => result.GetResult(argument) is { Tokens.Count: > 0 };

    private static TimeSpan? ParseDuration(ArgumentResult result, string name, bool zero)
    {
        var text = result.Tokens.Count == 0 ? "" : result.Tokens[0].Value;
        if (Duration.TryParse(text, out var duration) && (zero || duration > TimeSpan.Zero))
            return duration;
        result.AddError($"{name} takes a duration such as {Duration.Examples}, a week at most; not '{text}'");
        return null;
    }
}
