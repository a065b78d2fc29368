using System.Reflection;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node.Tests;

public sealed class NodeMetricsTests
{
    [Fact]
    public void Every_kind_of_event_is_counted_but_for_the_steps_on_the_way()
    {
        var kinds = typeof(EventKinds).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!);
        Assert.Equal(
            kinds.Except([EventKinds.NodeChanged, EventKinds.AttachmentChanged]).Order(),
            new NodeMetrics().Events.Counts.Select(count => count.Label).Order());
    }
}
