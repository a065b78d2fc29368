using System.Text.Json.Nodes;
using UsbIpCluster.Control;
using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>SIGHUP: the configuration is read again, and no session notices.</summary>
public sealed class ReloadTests(ITestOutputHelper output) : ClusterTest(output)
{
    private const string Device = "serial=LAB1-0001";
    private const string Wrong = "the configuration is wrong, and everything stays as it was";
    private const string ReadAgain = "the configuration was read again";

    [Fact]
    public async Task A_rule_that_comes_exports_and_one_that_goes_has_the_device_unbound_when_its_session_has_ended()
    {
        var hosts = await AddHostsAsync(2);
        var (exporter, importer) = (hosts[0].Launch(), hosts[1].Launch([hosts[0]], exports: false));
        await exporter.WaitForClusterAsync(nodes: 2, devices: 1);
        await importer.WaitForClusterAsync(nodes: 2, devices: 1);
        Assert.Equal("unbound", Assert.Single(await importer.ListAsync()).State);

        hosts[0].Configuration["exports"] = new JsonArray(new JsonObject { ["match"] = Device, ["name"] = "board" });
        await ReloadAsync(exporter);
        await Until.ReadAsync(() => importer.ListAsync(), rows => rows is [{ State: "available", Name: "board" }], "the device is exported");
        var port = await importer.AttachAsync("name=board");

        hosts[0].Configuration.Remove("exports");
        await ReloadAsync(exporter);
        await Until.TrueAsync(() => Count(exporter, ReadAgain, "exports changed") == 2, "the rule is gone");
        var error = await Assert.ThrowsAsync<ControlException>(() => importer.AttachAsync(new AttachParams(Device, Steal: true)));
        Assert.Equal(ControlError.Unavailable, error.Error);
        Assert.Equal(("attached", 0), (await importer.PortAsync()).Select(row => (row.State, row.Reattaches)).Single());
        Assert.Equal("in-use", Assert.Single(await exporter.ListAsync()).State);

        await importer.DetachAsync(port.Id!);
        await Until.ReadAsync(() => importer.ListAsync(), rows => rows is [{ State: "unbound", Name: null }], "the device is exported no longer");
        Assert.DoesNotContain(await importer.EventsAsync(), row => row.Kind == EventKinds.Lost);
    }

    [Fact]
    public async Task The_level_of_the_log_changes_and_what_needs_a_restart_is_named()
    {
        var host = (await AddHostsAsync(1))[0];
        var daemon = await host.StartAsync();
        host.Configuration["log"] = new JsonObject { ["level"] = "warning" };
        host.Configuration["advertise"] = "10.0.0.1";
        await ReloadAsync(daemon);
        await Until.TrueAsync(() => Count(daemon, "needs a restart: advertise") == 1, "what needs a restart is in the log");
        Assert.Equal(0, Count(daemon, ReadAgain));

        host.Configuration["log"] = new JsonObject { ["level"] = "information" };
        await ReloadAsync(daemon);
        await Until.TrueAsync(() => Count(daemon, ReadAgain, "log.level changed") == 1, "less is logged again");
        Assert.Equal(2, Count(daemon, "needs a restart: advertise"));
    }

    [Fact]
    public async Task A_configuration_that_is_wrong_changes_nothing_and_is_named()
    {
        var host = (await AddHostsAsync(1))[0];
        host.Configuration["exports"] = new JsonArray(new JsonObject { ["match"] = Device });
        var daemon = await host.StartAsync();
        await Until.ReadAsync(() => daemon.ListAsync(), rows => rows is [{ State: "available" }], "the device is exported");

        host.Configuration.Remove("exports");
        host.Configuration["limits"] = new JsonObject { ["rate"] = 0 };
        await ReloadAsync(daemon);
        await Until.TrueAsync(() => Count(daemon, Wrong, host.ConfigurationFile, "limits.rate is '0'", "1 to 10000") == 1, "what is wrong is in the log");
        File.WriteAllText(host.ConfigurationFile, "{ nonsense");
        await SignalAsync(daemon);
        File.Delete(host.ConfigurationFile);
        await SignalAsync(daemon);
        await Until.TrueAsync(() => Count(daemon, Wrong, host.ConfigurationFile) == 3, "every wrong file is in the log");
        Assert.Equal("available", Assert.Single(await daemon.ListAsync()).State);
    }

    private static Task ReloadAsync(Daemon daemon)
    {
        daemon.Host.WriteConfiguration();
        return SignalAsync(daemon);
    }

    // As systemd sees it: with the time at which it began, and done when it says so.
    private static async Task SignalAsync(Daemon daemon)
    {
        var before = daemon.Said.Count;
        daemon.Send(Signal.HangUp);
        await Until.TrueAsync(() => daemon.Said.Skip(before).Contains("READY=1"), "it is ready again");
        Assert.Matches(@"^RELOADING=1\nMONOTONIC_USEC=[0-9]+$", daemon.Said.ElementAt(before));
    }

    private static int Count(Daemon daemon, params string[] words) =>
        daemon.Log.Count(line => words.All(word => line.Contains(word, StringComparison.Ordinal)));
}
