using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli;

/// <summary>One run of a command: its global options, its conversation with the daemon, and how it ends.</summary>
internal sealed class Session
{
    /// <summary>How long the daemon may take for an answer, unless the user says otherwise.</summary>
    public static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(60);

    private readonly TimeSpan? _timeout;
    private readonly CancellationToken _cancelled;

    private Session(Surroundings surroundings, GlobalValues given, CancellationToken cancelled)
    {
        (Surroundings, Json, Verbose, _timeout, _cancelled) = (surroundings, given.Json, given.Verbose, given.Timeout, cancelled);
        SocketPath = given.Socket
            ?? (surroundings.Variable(ControlSocket.Variable) is { Length: > 0 } path ? path : ControlSocket.DefaultPath);
    }

    /// <summary>Where it writes.</summary>
    public Surroundings Surroundings { get; }

    /// <summary>Whether output is for programs.</summary>
    public bool Json { get; }

    /// <summary>Whether more is shown.</summary>
    public bool Verbose { get; }

    /// <summary>The daemon's socket.</summary>
    public string SocketPath { get; }

    /// <summary>How long the user lets the daemon take; null: as long as is usual.</summary>
    public TimeSpan? GivenTimeout => _timeout;

    /// <summary>How long one answer of the daemon may take.</summary>
    public TimeSpan Patience => _timeout ?? DefaultPatience;

    /// <summary>Cancelled by Ctrl-C.</summary>
    public CancellationToken Cancelled => _cancelled;

    /// <summary>The exit code of a run that does not fail.</summary>
    public int ExitCode { get; set; }

    /// <summary>Runs a command to its exit code; no exception leaves it.</summary>
    public static async Task<int> RunAsync(
        Surroundings surroundings, GlobalValues given, Func<Session, Task> command, CancellationToken cancelled)
    {
        var session = new Session(surroundings, given, cancelled);
        try
        {
            await command(session);
            surroundings.Out.Flush();
            return session.ExitCode;
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            return CommandLine.Interrupted;
        }
        catch (ReaderGoneException)
        {
            return 0;
        }
        catch (Exception e)
        {
            var error = e as ControlException ?? new ControlException(ControlError.Failed, e.Message, null, null, e);
            ErrorOutput.Write(surroundings, error, session.Json, session.Verbose);
            return error.Error.ExitCode();
        }
    }

    /// <summary>Asks the daemon, with a line of progress while it takes long.</summary>
    /// <exception cref="ControlException">The daemon's errors; NoDaemon; TimedOut.</exception>
    public async Task<T> AskAsync<T>(string waitingFor, Func<ControlClient, CancellationToken, Task<T>> ask, TimeSpan? patience = null)
    {
        var within = _timeout ?? patience ?? DefaultPatience;
        await using var progress = Progress.Start(Surroundings, $"waiting for {waitingFor}");
        try
        {
            await using var client = ControlClient.ConnectBlocking(SocketPath, within, _cancelled);
            return await ask(client, _cancelled);
        }
        catch (TimeoutException e)
        {
            throw TimedOut(within, e);
        }
    }

    /// <summary>As <see cref="AskAsync"/>, on a connection that stays open: it is the caller's.</summary>
    /// <exception cref="ControlException">The daemon's errors; NoDaemon; TimedOut.</exception>
    public async Task<(ControlClient Connection, T Answer)> AskAndStayAsync<T>(
        string waitingFor, Func<ControlClient, CancellationToken, Task<T>> ask, TimeSpan? patience)
    {
        ControlClient? connection = null;
        try
        {
            await using var progress = Progress.Start(Surroundings, $"waiting for {waitingFor}");
            var answer = await WithinAsync(_timeout ?? patience ?? DefaultPatience, async cancellationToken =>
            {
                connection = await ControlClient.ConnectAsync(SocketPath, cancellationToken);
                return await ask(connection, cancellationToken);
            });
            return (connection!, answer);
        }
        catch
        {
            if (connection is not null)
                await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Listens to the daemon for as long as it speaks, or until the time-out that the user gave.</summary>
    /// <exception cref="ControlException">The daemon's errors; NoDaemon; TimedOut.</exception>
    public Task ListenAsync(Func<ControlClient, CancellationToken, Task> listen) =>
        WithinAsync(_timeout ?? Timeout.InfiniteTimeSpan, async cancellationToken =>
        {
            await using var client = await ControlClient.ConnectAsync(SocketPath, cancellationToken);
            await listen(client, cancellationToken);
            return true;
        });

    /// <summary>A line for people, beside the output: never with JSON.</summary>
    public void Remark(string line)
    {
        if (!Json)
            Surroundings.Error.WriteLine(SafeText.Of(line));
    }

    private async Task<T> WithinAsync<T>(TimeSpan patience, Func<CancellationToken, Task<T>> talk)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(_cancelled);
        deadline.CancelAfter(patience);
        try
        {
            return await talk(deadline.Token);
        }
        catch (OperationCanceledException e) when (!_cancelled.IsCancellationRequested)
        {
            throw TimedOut(patience, e);
        }
    }

    private static ControlException TimedOut(TimeSpan patience, Exception cause) =>
        new(ControlError.TimedOut, $"the daemon did not finish within {Duration.Format(patience)}", "--timeout gives it longer", null, cause);
}
