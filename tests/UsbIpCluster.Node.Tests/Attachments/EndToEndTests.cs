using Akka.Actor;
using Akka.TestKit.Xunit2;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;
using UsbIpCluster.Userspace;

namespace UsbIpCluster.Node.Tests;

/// <summary>Attaching for real: leases, the listener, the handshake, URBs, on one actor system and over loopback TCP.</summary>
public sealed class EndToEndTests : TestKit, IAsyncLifetime
{
    private LoneNode _node = null!;

    public async Task InitializeAsync()
    {
        _node = await LoneNode.StartAsync(Sys, new SimulatedSerial("S-1"), new SimulatedKeyboard("K-1"));
        await _node.BindAsync("sim-0");
        await AwaitDeviceAsync("sim-0", DeviceState.Available, null);
    }

    public async Task DisposeAsync() => await _node.DisposeAsync();

    [Fact]
    public async Task A_device_is_attached_by_what_it_is_and_can_be_used()
    {
        var attached = await _node.AttachAsync("serial=S-1", LoneNode.Patience);
        Assert.Equal(AttachmentStates.Attached, attached.State);
        Assert.Equal(("lab1/sim-0", "sim-port-0"), (attached.Device?.FullName, attached.LocalBusId?.Value));
        Assert.Equal(_node.Address.ToString(), attached.Endpoint);
        Assert.Equal("S-1", _node.Controller.Find(attached.Port!.Value)!.Serial);
        await AwaitDeviceAsync("sim-0", DeviceState.InUse, "lab1/a1");
    }

    [Fact]
    public async Task Without_a_wait_it_is_answered_with_a_port()
    {
        var attached = await _node.AttachAsync("lab1/sim-0");
        Assert.Equal(new PortNumber(0), attached.Port);
        await AwaitAttachedAsync();
    }

    [Fact]
    public async Task A_wait_begins_before_the_device_is_exported()
    {
        var answer = _node.AttachAsync("serial=K-1", LoneNode.Patience);
        await AwaitStateAsync(AttachmentStates.Waiting);
        Assert.False(answer.IsCompleted);
        await _node.BindAsync("sim-1");
        Assert.Equal("K-1", _node.Controller.Find((await answer).Port!.Value)!.Serial);
    }

    [Fact]
    public async Task What_is_held_is_refused_with_its_holder()
    {
        await _node.AttachAsync("serial=S-1", LoneNode.Patience);
        await AwaitDeviceAsync("sim-0", DeviceState.InUse, "lab1/a1");
        var error = await Assert.ThrowsAsync<ControlException>(() => _node.AttachAsync("serial=S-1"));
        Assert.Equal((ControlError.Unavailable, "lab1/sim-0 is held by lab1/a1"), (error.Error, error.Message));
        Assert.Single((await _node.SnapshotAsync()).Attachments);
    }

    [Fact]
    public async Task A_session_that_is_cut_is_attached_again()
    {
        await _node.AttachAsync("serial=S-1", LoneNode.Patience);
        for (var times = 1; times <= 2; times++)
        {
            Assert.True(_node.Exporter.CutSession(BusId.Parse("sim-0")));
            await AwaitAttachedAsync(reattaches: times);
        }

        await AwaitDeviceAsync("sim-0", DeviceState.InUse, "lab1/a1");
        string[] kinds =
        [
            EventKinds.Attached, EventKinds.Lost, EventKinds.Reattached, EventKinds.Lost, EventKinds.Reattached,
        ];
        var told = _node.RecentEvents().Where(row => row.Attachment == "a1").ToArray();
        Assert.Equal(kinds, told.Select(row => row.Kind));
        Assert.All(told.Where(row => row.Kind == EventKinds.Reattached), row => Assert.InRange(row.DurationMs!.Value, 0, 5_000));
    }

    [Fact]
    public async Task A_session_that_is_cut_at_the_importer_is_attached_again()
    {
        var attached = await _node.AttachAsync("serial=S-1", LoneNode.Patience);
        Assert.True(_node.Controller.CutSession(attached.Port!.Value));
        await AwaitAttachedAsync(reattaches: 1);
    }

    [Fact]
    public async Task A_device_that_is_unplugged_is_attached_again_when_it_is_back()
    {
        await _node.AttachAsync("serial=S-1", LoneNode.Patience);
        var device = _node.Exporter.Unplug(BusId.Parse("sim-0"))!;
        await AwaitStateAsync(AttachmentStates.Waiting);
        _node.Exporter.Plug(device);
        await AwaitAttachedAsync(reattaches: 1);
    }

    [Fact]
    public async Task A_device_that_moves_to_another_port_is_followed()
    {
        await _node.AttachAsync("serial=S-1", LoneNode.Patience);
        _node.Exporter.Plug(_node.Exporter.Unplug(BusId.Parse("sim-0"))!, BusId.Parse("sim-9"));
        await AwaitDeviceAsync("sim-9", DeviceState.Unbound, null);
        await _node.BindAsync("sim-9");
        await AwaitAttachedAsync(reattaches: 1);
        Assert.Equal("lab1/sim-9", Assert.Single((await _node.SnapshotAsync()).Attachments).Device?.FullName);
    }

    [Fact]
    public async Task A_device_that_is_unbound_is_waited_for()
    {
        await _node.AttachAsync("serial=S-1", LoneNode.Patience);
        await _node.UnbindAsync("sim-0");
        await AwaitStateAsync(AttachmentStates.Waiting);
        Assert.Empty(_node.Controller.ReadPorts());
        await _node.BindAsync("sim-0");
        await AwaitAttachedAsync(reattaches: 1);
    }

    [Fact]
    public async Task A_detach_frees_the_port_and_the_device()
    {
        await _node.AttachAsync("serial=S-1", LoneNode.Patience);
        Assert.Equal("a1", Assert.Single((await _node.DetachAsync("0")).Attachments).Id.ToString());
        Assert.Empty(_node.Controller.ReadPorts());
        await AwaitDeviceAsync("sim-0", DeviceState.Available, null);
        await AwaitAssertAsync(async () => Assert.Empty((await _node.SnapshotAsync()).Attachments), LoneNode.Patience, Soon);
        await _node.AttachAsync("serial=S-1", LoneNode.Patience);
    }

    [Fact]
    public async Task A_detach_while_it_connects_frees_the_device()
    {
        var answer = _node.AttachAsync("serial=S-1", LoneNode.Patience);
        await AwaitAssertAsync(async () => Assert.NotEmpty((await _node.SnapshotAsync()).Attachments), LoneNode.Patience, Soon);
        await _node.DetachAsync("a1");
        await Record.ExceptionAsync(() => answer);
        await AwaitAssertAsync(() => Assert.Empty(_node.Controller.ReadPorts()), LoneNode.Patience, Soon);
        await AwaitDeviceAsync("sim-0", DeviceState.Available, null);
    }

    [Fact]
    public async Task Once_gives_the_device_back_after_a_loss()
    {
        await _node.AttachAsync("serial=S-1", LoneNode.Patience, once: true);
        _node.Exporter.CutSession(BusId.Parse("sim-0"));
        await AwaitAssertAsync(async () => Assert.Empty((await _node.SnapshotAsync()).Attachments), LoneNode.Patience, Soon);
        await AwaitDeviceAsync("sim-0", DeviceState.Available, null);
    }

    [Fact]
    public async Task A_device_of_a_plain_server_is_attached_and_attached_again()
    {
        var target = new AttachmentTarget.Plain(_node.Address, BusId.Parse("sim-0"));
        Assert.Equal(AttachmentStates.Attached, (await _node.AttachAsync(target, LoneNode.Patience)).State);
        _node.Exporter.CutSession(BusId.Parse("sim-0"));
        await AwaitAttachedAsync(reattaches: 1);
    }

    [Fact]
    public async Task Two_devices_have_two_ports_and_are_detached_together()
    {
        await _node.BindAsync("sim-1");
        var first = _node.AttachAsync("serial=S-1", LoneNode.Patience);
        var second = _node.AttachAsync("serial=K-1", LoneNode.Patience);
        Assert.NotEqual((await first).Port, (await second).Port);
        Assert.Equal(2, (await _node.DetachAsync(null)).Attachments.Length);
        Assert.Empty(_node.Controller.ReadPorts());
        await AwaitDeviceAsync("sim-0", DeviceState.Available, null);
        await AwaitDeviceAsync("sim-1", DeviceState.Available, null);
    }

    [Fact]
    public async Task Every_step_at_the_exporter_is_an_event()
    {
        await _node.AttachAsync("serial=S-1", LoneNode.Patience);
        await _node.DetachAsync(null);
        await AwaitDeviceAsync("sim-0", DeviceState.Available, null);
        await AwaitAssertAsync(
            () =>
            {
                var rows = _node.RecentEvents().Where(row => row is { BusId: "sim-0", Holder: "lab1/a1", State: null });
                var kinds = rows.Select(row => row.Kind).ToLookup(kind => kind.StartsWith("session", StringComparison.Ordinal));
                Assert.Equal([EventKinds.SessionStarted, EventKinds.SessionEnded], kinds[true]);
                Assert.Equal([EventKinds.Leased, EventKinds.Released], kinds[false]);
            },
            LoneNode.Patience,
            Soon);
    }

    private static TimeSpan Soon => TimeSpan.FromMilliseconds(5);

    private Task AwaitAttachedAsync(int reattaches = 0) => AwaitAssertAsync(
        async () => Assert.Equal(
            (AttachmentStates.Attached, reattaches),
            (await _node.SnapshotAsync()).Attachments.Select(status => (status.State, status.Reattaches)).Single()),
        LoneNode.Patience,
        Soon);

    private Task AwaitStateAsync(string state) => AwaitAssertAsync(
        async () => Assert.Equal(state, Assert.Single((await _node.SnapshotAsync()).Attachments).State), LoneNode.Patience, Soon);

    private Task AwaitDeviceAsync(string busId, DeviceState state, string? holder) => AwaitAssertAsync(
        async () =>
        {
            var device = (await _node.ViewAsync()).Find(Samples.Lab1, BusId.Parse(busId));
            Assert.Equal((state, holder), (device?.Device.State, device?.Device.Holder));
        },
        LoneNode.Patience,
        Soon);
}
