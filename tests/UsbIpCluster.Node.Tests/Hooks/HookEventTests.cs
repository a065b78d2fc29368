using UsbIpCluster.Control;

namespace UsbIpCluster.Node.Tests;

/// <summary>Which events have hooks, what these are told, and which of them wait for each other.</summary>
public sealed class HookEventTests
{
    private static readonly EventRow Row = new(Samples.Time, "lab2", EventKinds.Attached, "1-1", Attachment: "a1", Peer: "lab1", LocalBusId: "7-4");

    [Theory]
    [InlineData(EventKinds.Attached, "attached")]
    [InlineData(EventKinds.Reattached, "attached")]
    [InlineData(EventKinds.Lost, "lost")]
    [InlineData(EventKinds.Detached, "detached")]
    [InlineData(EventKinds.Exported, "exported")]
    [InlineData(EventKinds.Unexported, "unexported")]
    [InlineData(EventKinds.Leased, "leased")]
    [InlineData(EventKinds.Released, "released")]
    [InlineData(EventKinds.Adopted, null)]
    [InlineData(EventKinds.AttachFailed, null)]
    [InlineData(EventKinds.SessionStarted, null)]
    [InlineData(EventKinds.DeviceChanged, null)]
    [InlineData("something-new", null)]
    public void Some_events_have_hooks(string kind, string? name) => Assert.Equal(name, HookEvent.Of(Row with { Kind = kind })?.Name);

    [Fact]
    public void A_hook_has_the_facts_in_its_environment()
    {
        var row = new EventRow(
            Samples.Time,
            "lab2",
            EventKinds.Reattached,
            "1-1",
            "serial=S1",
            Port: 3,
            Attachment: "a1",
            DurationMs: 250.5,
            Vid: "0525",
            Pid: "a4a5",
            Serial: "S1",
            Product: "Board",
            LocalBusId: "7-4",
            Peer: "lab1");
        string[] expected =
        [
            "USBIPC_EVENT=attached", "USBIPC_KIND=reattached", "USBIPC_TIME=2024-05-06T07:08:09.000Z", "USBIPC_NODE=lab2", "USBIPC_BUSID=1-1",
            "USBIPC_VID=0525", "USBIPC_PID=a4a5", "USBIPC_SERIAL=S1", "USBIPC_PRODUCT=Board", "USBIPC_DEVICE=serial=S1", "USBIPC_PORT=3",
            "USBIPC_ATTACHMENT=a1", "USBIPC_LOCAL_BUSID=7-4", "USBIPC_DEVICE_NODE=/dev/bus/usb/007/002", "USBIPC_PEER=lab1",
            "USBIPC_DURATION_MS=250.5",
        ];
        Assert.Equal(expected, Environment(row, "/dev/bus/usb/007/002"));
        Assert.Equal("7-4", HookEvent.Of(row)!.LocalBusId?.Value);
    }

    [Fact]
    public void What_a_device_or_a_node_says_of_itself_breaks_nothing()
    {
        var facts = Environment(Row with { Serial = "a\0b\nc\u202ed\ud800", Product = new string('x', 100_000), Reason = "" }, null);
        Assert.Contains("USBIPC_SERIAL=a?b?c?d?", facts);
        Assert.Contains("USBIPC_PRODUCT=" + new string('x', 1024), facts);
        Assert.DoesNotContain(facts, fact => fact.StartsWith("USBIPC_REASON", StringComparison.Ordinal));
    }

    [Fact]
    public void A_local_device_has_its_own_bus_id_on_this_host() =>
        Assert.Equal("1-1", HookEvent.Of(new EventRow(Samples.Time, "lab1", EventKinds.Exported, "1-1"))!.LocalBusId?.Value);

    [Fact]
    public void Events_of_one_device_wait_for_each_other()
    {
        var first = HookEvent.Of(Row with { Vid = "0525", Pid = "a4a5", Serial = "S1" })!;
        AssertSame(true, Row with { BusId = "2-2" });
        AssertSame(true, Row with { Attachment = "a2" });
        AssertSame(true, Row with { Attachment = "a2", BusId = "2-2", Vid = "0525", Pid = "a4a5", Serial = "S1" });
        AssertSame(true, new EventRow(Samples.Time, "lab1", EventKinds.Leased, "1-1"));
        AssertSame(false, Row with { Attachment = "a2", BusId = "2-2" });
        AssertSame(false, Row with { Attachment = "a2", Peer = "lab3" });
        AssertSame(false, new EventRow(Samples.Time, "lab2", EventKinds.Leased, "1-1"));

        void AssertSame(bool same, EventRow other) => Assert.Equal(same, first.IsOfSameDevice(HookEvent.Of(other)!));
    }

    private static string[] Environment(EventRow row, string? node) => [.. HookEvent.Of(row)!.ToEnvironment(node).Select(fact => $"{fact.Key}={fact.Value}")];
}
