using System.CommandLine;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli;

/// <summary>
/// <c>--wait[=DURATION]</c>. An option with an optional value would take the next argument for it, whatever that is: this one takes its value
/// with <c>=</c> only, so a bare one is rewritten to the one with the default before it is parsed.
/// </summary>
internal sealed class WaitOption : Option<TimeSpan?>
{
    public const string Bare = "--wait";

    /// <summary>What the daemon may take beyond the wait that it was given.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>Creates the option.</summary>
    /// <param name="description">What is waited for.</param>
    /// <param name="byDefault">How long a bare one waits, as it is typed.</param>
    public WaitOption(string description, string byDefault)
        : base(Bare)
    {
        WithDefault = $"{Bare}={byDefault}";
        Description = $"{description}: {Bare} is {byDefault}, else write {Bare}=DURATION";
        HelpName = "DURATION";
        CustomParser = GlobalOptions.DurationParser(Bare, zero: true);
    }

    /// <summary>What a bare one stands for.</summary>
    public string WithDefault { get; }

    /// <summary>The arguments with every bare one written out.</summary>
    public string[] WriteOut(string[] arguments)
    {
        var end = Array.IndexOf(arguments, "--") is var found and >= 0 ? found : arguments.Length;
        return [.. arguments.Select((argument, i) => i < end && argument == Bare ? WithDefault : argument)];
    }

    /// <summary>How long to wait for the answer to a request that makes the daemon wait; null: as for any other.</summary>
    public static TimeSpan? PatienceFor(double? waitSeconds) => waitSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) + Grace : null;
}
