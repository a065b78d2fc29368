using System.CommandLine;
using UsbIpCluster.Cli.Completion;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Commands;

/// <summary><c>usbipc completion SHELL</c>: the script that makes a shell complete commands, options, devices, ports and nodes.</summary>
internal sealed class CompletionCommand : CliCommand
{
    private static readonly string[] Shells = ["bash", "zsh", "fish"];

    private readonly Argument<string> _shell = new Argument<string>("SHELL") { Description = string.Join(", ", Shells) }.AcceptOnlyFromAmong(Shells);

    public CompletionCommand()
        : base("completion", "Print a shell's completion script, as in: . <(usbipc completion bash)") => Add(_shell);

    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        await using var script = typeof(CompletionCommand).Assembly.GetManifestResourceStream($"usbipc.{arguments.GetRequiredValue(_shell)}")!;
        using var reader = new StreamReader(script);
        await session.Surroundings.Out.WriteAsync(await reader.ReadToEndAsync());
    }

    /// <inheritdoc/>
    public override Task<IReadOnlyList<Candidate>> CompleteAsync(Func<Task<ControlClient>> connect, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Candidate>>([.. Shells.Select(shell => new Candidate(shell, null))]);
}
