namespace UsbIpCluster.Node.Tests;

/// <summary>What the service manager is told, at real sockets.</summary>
public sealed class ServiceManagerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void It_is_told_at_a_socket_in_the_file_system_or_an_abstract_one(bool isAbstract)
    {
        using var systemd = isAbstract ? new Datagrams($"@usbipcluster-{Guid.NewGuid():N}") : Datagrams.InFileSystem();
        var manager = Manager(systemd);
        manager.Ready();
        manager.Status("3 devices exported");
        manager.Alive();
        manager.Stopping();
        Assert.Equal(
            ["READY=1", "STATUS=3 devices exported", "WATCHDOG=1", "STOPPING=1"],
            [systemd.Read(), systemd.Read(), systemd.Read(), systemd.Read()]);
    }

    [Fact]
    public void Nobody_is_told_where_nobody_listens()
    {
        var none = ServiceManager.Of(_ => null, 7);
        Assert.False(none.IsThere);
        none.Ready();
        ServiceManager.Of(Variables("NOTIFY_SOCKET=/nowhere/at/all"), 7).Ready();
        ServiceManager.Of(Variables("NOTIFY_SOCKET=@"), 7).Ready();
        ServiceManager.Of(Variables($"NOTIFY_SOCKET=/{new string('x', 200)}"), 7).Ready();
        Assert.Null(ServiceManager.Of(Variables("WATCHDOG_USEC=1000000"), 7).Watchdog);
    }

    [Fact]
    public void A_service_manager_that_does_not_read_holds_nobody_up()
    {
        using var systemd = Datagrams.InFileSystem();
        var manager = Manager(systemd);

        // net.unix.max_dgram_qlen is 512 at most systems, and 10 at the least.
        for (var i = 0; i < 5000; i++)
            manager.Status($"line {i}");
        Assert.Equal("STATUS=line 0", systemd.Read());
    }

    [Theory]
    [InlineData("30000000", null, 30_000)]
    [InlineData("30000000", "7", 30_000)]
    [InlineData("30000000", "", 30_000)]
    [InlineData("30000000", "8", null)]
    [InlineData("30000000", "x", null)]
    [InlineData("0", "7", null)]
    [InlineData("-1", "7", null)]
    [InlineData("30s", "7", null)]
    [InlineData("99999999999999999999", "7", null)]
    [InlineData("9223372036854775807", "7", 86_400_000)]
    [InlineData(null, "7", null)]
    public void The_watchdog_is_what_the_variables_say(string? time, string? process, int? milliseconds) => Assert.Equal(
        milliseconds is { } expected ? TimeSpan.FromMilliseconds(expected) : null,
        ServiceManager.Of(Variables("NOTIFY_SOCKET=/s", $"WATCHDOG_USEC={time}", $"WATCHDOG_PID={process}"), 7).Watchdog);

    internal static ServiceManager Manager(Datagrams systemd, params string[] variables) =>
        ServiceManager.Of(Variables([$"NOTIFY_SOCKET={systemd.Address}", .. variables]), Environment.ProcessId);

    private static Func<string, string?> Variables(params string[] lines) => name => lines
        .Where(line => line.StartsWith($"{name}=", StringComparison.Ordinal))
        .Select(line => line[(name.Length + 1)..])
        .FirstOrDefault();
}
