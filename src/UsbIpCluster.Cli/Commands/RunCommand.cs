using System.CommandLine;
using UsbIpCluster.Cli.Completion;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Cli.Running;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Commands;

/// <summary>
/// <c>usbipc run</c>: a command that has devices for as long as it runs. That they are detached is the daemon's business, which looks
/// whether this process is still there; what is done here at the end only makes it so before the exit code is seen.
/// </summary>
internal sealed class RunCommand : CliCommand
{
    private const string BeforeCommand = "--";
    private const double DefaultWait = 60;

    // What the daemon may take beyond the wait: for nodes in /dev, or to detach what was there when others were not.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReleasePatience = TimeSpan.FromSeconds(20);

    private readonly Argument<string[]> _selectors = new("SELECTOR")
    {
        Arity = ArgumentArity.ZeroOrMore,
        Description = "Devices, each as for attach: vid:pid, serial=S, name=NAME, NODE/BUSID, ...; all of them are had, or none",
    };

    private readonly WaitOption _wait = new(
        "Wait also for what is there and can't be had, held by somebody else for instance (without it, that is an error at once)", "60s");

    private string[] _command = [];

    public RunCommand()
        : base("run", "Run a command that has devices for as long as it runs: run SELECTOR... -- COMMAND [ARG...]")
    {
        Add(_selectors);
        Add(_wait);
        _selectors.Validators.Add(result =>
        {
            // The parser takes an option that it does not know for an argument.
            foreach (var token in result.Tokens.Where(token => token.Value.StartsWith('-') || token.Value.Length == 0))
                result.AddError(token.Value.Length == 0 ? "a selector is empty" : $"unknown option '{token.Value}'");
        });
        Validators.Add(result =>
        {
            if (!GlobalOptions.IsGiven(result, _selectors))
                result.AddError("say which devices: one selector for each");
            else if (_command is [] or ["", ..])
                result.AddError("say what to run, after --: usbipc run SELECTOR... -- COMMAND [ARG...]");
            else if (result.GetResult(_selectors)!.Tokens.Count > HoldParams.MostDevices)
                result.AddError($"more than {HoldParams.MostDevices} devices");
        });
    }

    /// <summary>
    /// Takes away what is behind <c>--</c> and is not for the parser: the command to run. Other commands' arguments stay whole.
    /// </summary>
    public static string[] TakeCommand(Command root, string[] arguments, Func<string[], ParseResult> parse)
    {
        var end = Array.IndexOf(arguments, BeforeCommand);
        if (end < 0 || parse(arguments[..end]).CommandResult.Command is not RunCommand run)
            return arguments;
        run._command = arguments[(end + 1)..];
        return arguments[..end];
    }

    /// <inheritdoc/>
    public override Task<IReadOnlyList<Candidate>> CompleteAsync(Func<Task<ControlClient>> connect, CancellationToken cancellationToken) =>
        DevicesAsync(connect, local: false, device => device.State != DeviceStates.Unbound, cancellationToken);

    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        var wait = arguments.GetValue(_wait);
        var request = new HoldParams(
            arguments.GetRequiredValue(_selectors), wait?.TotalSeconds ?? DefaultWait, WaitWhileBusy: wait is not null);
        var (connection, rows) = await session.AskAndStayAsync(
            string.Join(", ", request.Selectors),
            (client, cancelled) => client.HoldAsync(request, cancelled),
            TimeSpan.FromSeconds(request.WaitSeconds) + Grace);
        await using (connection)
        {
            if (session.Verbose)
            {
                foreach (var row in rows)
                    session.Remark($"{Words.Of(row)}  {string.Join(' ', row.Devices ?? [])}");
            }

            try
            {
                session.ExitCode = await RunAsync(rows, session.Cancelled);
            }
            catch (CommandException error)
            {
                var failed = new ControlException(ControlError.Failed, error.Message);
                ErrorOutput.Write(session.Surroundings, failed, session.Json, session.Verbose);
                session.ExitCode = error.ExitCode;
            }
            finally
            {
                await ReleaseAsync(session, rows);
            }
        }
    }

    private async Task<int> RunAsync(IReadOnlyList<PortRow> rows, CancellationToken cancelled)
    {
        using var signals = new PassedOnSignals();

        // A Ctrl-C until here has found neither a question to give up nor a command to be passed on to.
        cancelled.ThrowIfCancellationRequested();
        var child = ChildProcess.Start(_command, DeviceVariables.With(rows));
        signals.To(child);
        return await child.WaitAsync();
    }

    // On connections of their own: the daemon may have been restarted. What remains, it detaches by itself.
    private static async Task ReleaseAsync(Session session, IReadOnlyList<PortRow> rows)
    {
        using var deadline = new CancellationTokenSource(ReleasePatience);
        try
        {
            await Task.WhenAll(rows.Select(row => DetachAsync(session, row.Id!, deadline.Token)));
        }
        catch (Exception e) when (e is ControlException or OperationCanceledException)
        {
            session.Remark($"usbipc: not detached yet ({e.Message}); the daemon does it by itself");
        }
    }

    private static async Task DetachAsync(Session session, string id, CancellationToken cancellationToken)
    {
        try
        {
            await using var client = await ControlClient.ConnectAsync(session.SocketPath, cancellationToken);
            await client.DetachAsync(new DetachParams(id), cancellationToken);
        }
        catch (ControlException e) when (e.Error == ControlError.NotFound)
        {
            // Somebody else has done it.
        }
    }
}
