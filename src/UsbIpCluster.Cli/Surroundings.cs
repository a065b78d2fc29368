using UsbIpCluster.Cli.Watch;

namespace UsbIpCluster.Cli;

/// <summary>What a run of the command sees of the world: where it writes, and what it may know about that.</summary>
internal sealed record Surroundings
{
    /// <summary>Standard output.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Standard error.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether standard output is a terminal.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Whether standard error is a terminal.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>The width of a terminal that does not know its own.</summary>
    private const int DefaultWidth = 80;

    /// <summary>The terminal's width in columns; asked only when standard output is one.</summary>
    public Func<int> Width { get; init; } = () => DefaultWidth;

    /// <summary>The width in columns of the terminal that standard error is.</summary>
    public Func<int> ErrorWidth { get; init; } = () => DefaultWidth;

    /// <summary>Takes over the whole terminal; null when input or output is none.</summary>
    public Func<IScreen?> OpenScreen { get; init; } = () => null;

    /// <summary>An environment variable; null when it is not set.</summary>
    public Func<string, string?> Variable { get; init; } = _ => null;

    /// <summary>The clock that ages are told by.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Whether states are coloured: on a terminal, unless NO_COLOR (no-color.org) is set or the terminal is dumb.</summary>
    public bool Coloured => OutIsTerminal && string.IsNullOrEmpty(Variable("NO_COLOR")) && Variable("TERM") != "dumb";

    /// <summary>The process's own.</summary>
    public static Surroundings OfProcess() => new()
    {
        Out = new StreamWriter(new StandardStream(1, forgiving: false), bufferSize: 16 * 1024),
        Error = new StreamWriter(new StandardStream(2, forgiving: true)) { AutoFlush = true },
        OutIsTerminal = StandardStream.IsTerminal(1),
        ErrorIsTerminal = StandardStream.IsTerminal(2),
        Width = () => WidthOf(1),
        ErrorWidth = () => WidthOf(2),
        OpenScreen = () => Console.IsInputRedirected || Console.IsOutputRedirected ? null : TerminalScreen.Open(new StandardStream(1, forgiving: true)),
        Variable = Environment.GetEnvironmentVariable,
    };

    private static int WidthOf(int descriptor) => StandardStream.SizeOf(descriptor).Width is var width and > 0 ? width : DefaultWidth;
}
