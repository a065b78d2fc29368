using System.Text;
using Microsoft.Extensions.Logging;

namespace UsbIpCluster.Node.Tests;

/// <summary>The daemon's log: who logs never waits, and pays nothing for what is not logged.</summary>
public sealed class NodeLogsTests
{
    [Fact]
    public void Everything_is_written_in_order_before_the_end()
    {
        var stream = new Output();
        using (var log = new NodeLogs(new LogTarget(stream, LogForms.Text), LogLevel.Information))
        {
            for (var i = 0; i < 500; i++)
                log.Backend($"line {i}");
        }

        var lines = stream.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(500, lines.Length);
        Assert.All(lines.Index(), line => Assert.EndsWith($" info 1003 backend: line {line.Index}", line.Item, StringComparison.Ordinal));
    }

    [Fact]
    public void A_level_that_is_off_costs_nothing()
    {
        using var log = new NodeLogs(new LogTarget(new Output(), LogForms.Text), LogLevel.Error);
        Log();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Log();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Log()
        {
            log.Lost("lab1", "1-1", "a1", "serial=S", 3, "the session was lost");
            log.Serving("lab1", "1", "l", "c", "s", "e", "h");
            log.Actors(LogLevel.Warning, null, "source", "text");
            log.RuleTooWide("0525:a4a5", 1024);
        }
    }

    [Fact]
    public void What_is_logged_at_least_can_change()
    {
        using var log = new NodeLogs(new LogTarget(new Output(), LogForms.Text), LogLevel.Warning);
        Assert.False(log.IsEnabled(LogLevel.Information));
        log.Least = LogLevel.Debug;
        Assert.True(log.IsEnabled(LogLevel.Debug));
        Assert.False(log.IsEnabled(LogLevel.Trace));
        log.Least = LogLevel.None;
        Assert.False(log.IsEnabled(LogLevel.Critical));
    }

    [Fact]
    public void Who_logs_does_not_wait_for_a_reader_and_what_is_lost_is_counted()
    {
        var stream = new Output();
        using (var log = new NodeLogs(new LogTarget(stream, LogForms.Text), LogLevel.Information))
        {
            stream.Reader.Reset();
            for (var i = 0; i < NodeLogs.MaxWaiting + 100; i++)
                log.Backend($"line {i}");
            stream.Reader.Set();
        }

        // One is written at most while the others wait.
        var lines = stream.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.InRange(lines.Length, NodeLogs.MaxWaiting + 1, NodeLogs.MaxWaiting + 2);
        Assert.Contains($"{NodeLogs.MaxWaiting + 100 - (lines.Length - 1)} lines came faster", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_reader_that_has_gone_ends_nothing()
    {
        using var log = new NodeLogs(new LogTarget(new Output { IsBroken = true }, LogForms.Text), LogLevel.Information);
        log.Backend("line");
    }

    [Fact]
    public void What_the_journal_takes_is_written_nowhere_else()
    {
        using var journal = Datagrams.InFileSystem();
        var stream = new Output();
        using (var log = new NodeLogs(new LogTarget(stream, LogForms.Prefixed, new JournalSocket(journal.Address)), LogLevel.Information))
            log.SessionStarted("lab1", "1-1", "lab2/a1");
        Assert.Equal(
            "MESSAGE=lab1/1-1 was given to lab2/a1\nPRIORITY=6\nSYSLOG_IDENTIFIER=usbipcd\nUSBIPC_EVENT=session-started\nUSBIPC_EVENT_ID=2103\n"
            + "USBIPC_NODE=lab1\nUSBIPC_BUSID=1-1\nUSBIPC_HOLDER=lab2/a1\n",
            journal.Read());
        Assert.Empty(stream.Text);
    }

    [Fact]
    public void A_journal_that_was_restarted_is_found_again_and_one_that_is_gone_is_done_without()
    {
        var path = $"{Directory.CreateDirectory(TempState.NewPath()).FullName}/socket";
        var stream = new Output();
        using (var target = new LogTarget(stream, LogForms.Prefixed, new JournalSocket(path)))
        {
            target.Write(Entry("before"));
            using (var first = new Datagrams(path))
            {
                target.Write(Entry("first"));
                Assert.StartsWith("MESSAGE=first\n", first.Read(), StringComparison.Ordinal);
            }

            File.Delete(path);
            using (var second = new Datagrams(path))
            {
                target.Write(Entry("second"));
                Assert.StartsWith("MESSAGE=second\n", second.Read(), StringComparison.Ordinal);
            }

            target.Write(Entry("after"));
        }

        Assert.Equal("<6>before\n<6>after\n", stream.Text);
    }

    [Theory]
    [InlineData("8:1234", "socket:[1234]", true)]
    [InlineData("8:1234", "socket:[12345]", false)]
    [InlineData("8:1234", "pipe:[1234]", false)]
    [InlineData("8:1234", "/dev/null", false)]
    [InlineData("8:", "socket:[]", false)]
    [InlineData("", "socket:[1234]", false)]
    [InlineData(null, "socket:[1234]", false)]
    [InlineData("8:1234", null, false)]
    public void The_journal_is_behind_a_stream_that_nobody_has_redirected(string? variable, string? descriptor, bool expected) =>
        Assert.Equal(expected, JournalSocket.IsBehind(variable, descriptor));

    [Fact]
    public void What_is_behind_a_descriptor_can_be_told()
    {
        Assert.NotNull(JournalSocket.Describe(0));
        Assert.Null(JournalSocket.Describe(987_654));
    }

    private static LogEntry Entry(string message) => new(DateTimeOffset.UnixEpoch, LogLevel.Information, new EventId(1, "e"), message, [], null);

    private sealed class Output : MemoryStream
    {
        public bool IsBroken { get; init; }

        public ManualResetEventSlim Reader { get; } = new(initialState: true);

        public string Text => Encoding.UTF8.GetString(ToArray());

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Reader.Wait();
            if (IsBroken)
                throw new IOException("broken pipe");
            base.Write(buffer);
        }
    }
}
