using System.CommandLine;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Completion;

/// <summary>From the words of a command line that is being typed to what the last of them could become.</summary>
internal static class Completer
{
    // Who presses Tab waits for it.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The candidates. A daemon that does not answer has none to offer.</summary>
    /// <param name="root">The commands.</param>
    /// <param name="words">The words after the program's name; the last is the one that is being typed, and may be empty.</param>
    /// <param name="socket">The daemon's socket, unless the words name another.</param>
    /// <param name="cancelled">Ends it.</param>
    public static async Task<IReadOnlyList<Candidate>> CompleteAsync(
        RootCommand root, IReadOnlyList<string> words, string socket, CancellationToken cancelled)
    {
        var (command, before, typed) = ((Command)root, default(Option), words.Count == 0 ? "" : words[^1]);
        var arguments = 0;
        foreach (var word in words.SkipLast(1))
        {
            if (before?.Name == GlobalOptions.SocketName)
                socket = word;
            if (before is not null)
                before = null;
            // What is behind it is for the command to run, which the shell knows better.
            else if (word == "--")
                return [];
            else if (word.StartsWith($"{GlobalOptions.SocketName}=", StringComparison.Ordinal))
                socket = word[(GlobalOptions.SocketName.Length + 1)..];
            else if (word.StartsWith('-'))
                before = OptionsOf(root, command).FirstOrDefault(option => IsCalled(option, word) && TakesTheNextWord(option));
            else if (command.Subcommands.FirstOrDefault(each => each.Name == word) is { } deeper)
                command = deeper;
            else
                arguments++;
        }

        // What an option takes, nobody here knows.
        if (before is not null)
            return [];
        IEnumerable<Candidate> found = typed.StartsWith('-')
            ? OptionsOf(root, command).Select(option => new Candidate(option.Name, option.Description))
            : command.Subcommands.Where(each => !each.Hidden && arguments == 0).Select(each => new Candidate(each.Name, each.Description));
        if (!typed.StartsWith('-') && command is CliCommand own && arguments < command.Arguments.Sum(argument => (long)argument.Arity.MaximumNumberOfValues))
            found = found.Concat(await LiveAsync(own, socket, cancelled));
        return [.. found.Where(candidate => candidate.IsPlain && candidate.Text.StartsWith(typed, StringComparison.Ordinal))];
    }

    private static IEnumerable<Option> OptionsOf(RootCommand root, Command command) =>
        command.Options.Union(root.Options.Where(option => option.Recursive)).Where(option => !option.Hidden);

    private static bool TakesTheNextWord(Option option) => option.Arity.MinimumNumberOfValues > 0 && option is not WaitOption;

    private static bool IsCalled(Option option, string word) => option.Name == word || option.Aliases.Contains(word);

    private static async Task<IReadOnlyList<Candidate>> LiveAsync(CliCommand command, string socket, CancellationToken cancelled)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        deadline.CancelAfter(Patience);
        try
        {
            return await command.CompleteAsync(() => ControlClient.ConnectAsync(socket, deadline.Token), deadline.Token);
        }
        catch (Exception e) when (e is ControlException or OperationCanceledException)
        {
            return [];
        }
    }
}
