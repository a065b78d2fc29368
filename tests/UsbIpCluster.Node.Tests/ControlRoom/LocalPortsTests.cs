using System.Collections.Immutable;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>What programs open to use what is attached.</summary>
public sealed class LocalPortsTests
{
    private static readonly ImmutableArray<string> Paths = ["/dev/sdb", "/dev/bus/usb/007/004"];

    private readonly ScriptedController _controller = new();
    private readonly LocalPorts _ports;

    public LocalPortsTests() => _ports = new LocalPorts(_controller, new Holders(new ScriptedProcesses()));

    [Fact]
    public void Rows_of_devices_that_are_here_have_their_nodes()
    {
        _controller.Nodes = busId => busId.Value == "7-4"
            ? new DeviceNodes(Paths, NodesToCome.None)
            : throw new DeviceException(DeviceError.Refused, "no");
        var rows = _ports.WithNodes([Row("7-4"), Row("7-5"), Row(null)]);
        Assert.Equal([Paths, [], null], rows.Select(row => row.Devices));
    }

    [Theory]
    [InlineData(NodesToCome.Expected)]
    [InlineData(NodesToCome.Possible)]
    public async Task Nodes_are_waited_for_until_they_are_there(NodesToCome before)
    {
        var asked = 0;
        _controller.Nodes = _ => ++asked < 3 ? new DeviceNodes(["/dev/bus/usb/007/004"], before) : new DeviceNodes(Paths, NodesToCome.None);
        await _ports.WhenNodesAreThereAsync([Attached("7-4")], CancellationToken.None);
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task What_promises_nothing_is_not_waited_for_for_long()
    {
        var asked = 0;
        _controller.Nodes = _ =>
        {
            asked++;
            return new DeviceNodes(["/dev/bus/usb/007/004"], NodesToCome.Possible);
        };
        await _ports.WhenNodesAreThereAsync([Attached("7-4")], CancellationToken.None);
        Assert.InRange(asked, 2, 30);
    }

    private static AttachmentStatus Attached(string localBusId)
    {
        var target = new AttachmentTarget.Device(Samples.Selector("1-1"));
        var plan = new AttachmentPlan(new AttachmentId(1), target, Once: false, null);
        return new AttachmentStatus(plan, AttachmentStates.Attached, Samples.Time)
        {
            LocalBusId = BusId.Parse(localBusId),
        };
    }

    private static PortRow Row(string? localBusId) => new(
        null, null, AttachmentStates.Attached, null, null, null, null, null, null, null, null, localBusId, null, 0, null);
}
