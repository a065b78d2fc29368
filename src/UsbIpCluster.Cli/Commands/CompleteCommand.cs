using System.CommandLine;
using UsbIpCluster.Cli.Completion;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc complete -- WORD...</c>: for the shells' scripts, one candidate a line with a tab and a description.</summary>
internal sealed class CompleteCommand : CliCommand
{
    private readonly Argument<string[]> _words = new("WORD") { Arity = ArgumentArity.ZeroOrMore };
    private readonly RootCommand _root;

    public CompleteCommand(RootCommand root)
        : base("complete", "What the last word could become")
    {
        _root = root;
        Hidden = true;
        Add(_words);
    }

    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        var words = arguments.GetValue(_words) ?? [];
        foreach (var candidate in await Completer.CompleteAsync(_root, words, session.SocketPath, CancellationToken.None))
            session.Surroundings.Out.WriteLine(candidate);
    }
}
