using Akka.TestKit.Xunit2;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node.Tests;

/// <summary>The line that systemctl status shows.</summary>
public sealed class ServiceStatusTests : TestKit
{
    private static readonly MemberState Up = new("up", Reachable: true);

    [Fact]
    public void It_says_what_changed_and_nothing_else()
    {
        using var node = new ScriptedNode(Sys)
        {
            Entry = Samples.Node("lab1", Samples.Entry("1-1"), Samples.Entry("1-2", DeviceState.InUse), Samples.Entry("1-3", DeviceState.Unbound)),
            Members = [Up, Up, Up with { Reachable = false }],
            Attachments =
            [
                ScriptedNode.Attachment(1, AttachmentStates.Attached),
                ScriptedNode.Attachment(2, AttachmentStates.Attached),
                ScriptedNode.Attachment(3, AttachmentStates.Waiting),
            ],
        };
        using var systemd = Datagrams.InFileSystem();
        var events = new EventLog();
        using var status = ServiceStatus.Start(ServiceManagerTests.Manager(systemd), node.Watcher, events);
        Assert.Equal("STATUS=2 devices exported, 2 attached, 2 of 3 nodes reachable", systemd.Read());

        // Something happens, a thousand times; what is to be said is another thing only once.
        node.Members = [Up];
        for (var i = 0; i < 1000; i++)
            events.Record(new EventRow(DateTimeOffset.UtcNow, "lab1", EventKinds.NodeRemoved));
        Assert.Equal("STATUS=2 devices exported, 2 attached, 1 of 1 nodes reachable", systemd.Read());
        events.Record(new EventRow(DateTimeOffset.UtcNow, "lab1", EventKinds.NodeRemoved));
        Assert.Null(systemd.ReadWithin(ServiceStatus.Pace * 2));
    }

    [Fact]
    public void It_says_when_it_is_in_a_cluster_though_that_is_no_event()
    {
        using var node = new ScriptedNode(Sys) { Entry = Samples.Node("lab1", Samples.Entry("1-1")), Members = [new MemberState("joining", true)] };
        using var systemd = Datagrams.InFileSystem();
        using var status = ServiceStatus.Start(ServiceManagerTests.Manager(systemd), node.Watcher, new EventLog());
        Assert.Equal("STATUS=1 device exported, 0 attached, not in a cluster yet", systemd.Read());
        node.Members = [Up];
        Assert.Equal("STATUS=1 device exported, 0 attached, 1 of 1 nodes reachable", systemd.Read());
    }

    [Fact]
    public void Nobody_is_told_where_nobody_listens()
    {
        using var node = new ScriptedNode(Sys);
        Assert.Null(ServiceStatus.Start(ServiceManager.Of(_ => null, 1), node.Watcher, new EventLog()));
    }
}
