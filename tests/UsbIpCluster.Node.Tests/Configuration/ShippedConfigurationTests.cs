using System.Net;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>The files in <c>config/</c>, as they are.</summary>
[Collection(ConfigurationCollection.Name)]
public sealed class ShippedConfigurationTests : IDisposable
{
    private static readonly NodeName Bench1 = NodeName.Parse("bench1");
    private readonly ConfigurationSources _sources = new();

    public void Dispose() => _sources.Dispose();

    [Fact]
    public void The_default_file_says_what_holds_without_it()
    {
        var options = Read("usbipcd.json");
        var without = _sources.WithFile("{}").Read();
        Assert.Empty(options.Exports);
        Assert.Equal(without.PlainClients.AsEnumerable(), options.PlainClients);
        Assert.Equal((without.State, without.Control, without.Listen), (options.State, options.Control, options.Listen));
    }

    [Fact]
    public void The_example_of_a_policy_says_who_may_have_what()
    {
        var options = Read("policies/lab.json");
        var plan = new ExportPlan(options.Exports, []);

        var key = plan.Decide(Device(new UsbClass(0x0b, 0, 0), serial: "HSM-0007"), null);
        Assert.Equal((true, "signing-key"), (key.Export, key.Name));
        Assert.Equal(Verdict.Allowed, key.Access.ForLease(NodeName.Parse("build1"), "release", null));
        Assert.Equal(Verdict.Denied, key.Access.ForLease(NodeName.Parse("build1"), "anna", null));
        Assert.Equal(Verdict.Denied, key.Access.ForLease(Bench1, "release", null));
        Assert.False(key.Access.ForPlainClient(IPAddress.Parse("10.20.30.1")));

        var golden = plan.Decide(Device(new UsbClass(8, 6, 80), product: "Golden Image v3"), null).Access;
        Assert.Equal(Verdict.Undecided, golden.ForLease(Bench1, "anna", null));
        Assert.Equal(Verdict.Allowed, golden.ForLease(Bench1, "anna", IPAddress.Parse("10.20.40.1")));
        Assert.Equal(Verdict.Denied, golden.ForLease(Bench1, "guest", null));
        Assert.Equal(Verdict.Denied, golden.ForLease(NodeName.Parse("bench-public2"), "anna", null));
        Assert.True(golden.ForPlainClient(IPAddress.Parse("10.20.30.1")));
        Assert.False(golden.ForPlainClient(IPAddress.Parse("10.20.30.66")));
        Assert.False(golden.ForPlainClient(IPAddress.Parse("10.20.40.1")));

        Assert.False(plan.Decide(Device(new UsbClass(8, 6, 80)), null).Export);
        var keyboard = Device(new UsbClass(3, 1, 1));
        Assert.True(plan.Decide(keyboard, null).Export);
        Assert.False(plan.Decide(keyboard, "it is a keyboard of this host").Export);
        Assert.Equal("front-socket", plan.Decide(Device(new UsbClass(3, 1, 1), busId: "1-1.4"), "it is a keyboard of this host").Name);
    }

    private NodeOptions Read(string name) => _sources.WithFile(File.ReadAllText(Path.Combine(FindFolder(), name))).Read();

    internal static string FindFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "UsbIpCluster.sln")))
                return Path.Combine(folder.FullName, "config");
        }

        throw new InvalidOperationException($"no folder above {AppContext.BaseDirectory} is that of the solution");
    }

    private static ClusterDevice Device(UsbClass face, string busId = "2-1", string? serial = null, string? product = null) => Samples.Device(
        "lab1",
        Samples.Entry(busId, DeviceState.Unbound) with { Serial = serial, Product = product, VendorId = 1, Interfaces = [face] });
}
