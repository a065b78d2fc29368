using Akka.Actor;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>What clients get.</summary>
public sealed class UsbIpListenerTests : UsbIpListenerSpec
{
    [Fact]
    public void A_plain_client_sees_what_it_can_have()
    {
        var device = Assert.Single(UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience)));
        Assert.Equal((Keyboard, 0x1209, 0x0002), (device.Record.BusId, device.Record.VendorId, device.Record.ProductId));
        Assert.Equal([new UsbClass(3, 1, 1)], device.Interfaces.ToArray());
    }

    [Fact]
    public async Task A_plain_client_gets_what_it_asks_for_and_sees_it_no_longer()
    {
        using var imported = Import(Keyboard);
        Assert.Equal(Keyboard, imported.Device.BusId);
        await AwaitConditionAsync(() => UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience)).IsEmpty);
        AssertRefused(DeviceError.Busy, Keyboard);
    }

    [Fact]
    public void What_is_not_there_or_not_exported_is_no_device_to_a_plain_client()
    {
        AssertRefused(DeviceError.NoSuchDevice, BusId.Parse("sim-1"));
        AssertRefused(DeviceError.NoSuchDevice, BusId.Parse("1-1"));
    }

    [Fact]
    public async Task Who_is_not_allowed_sees_nothing_and_gets_nothing()
    {
        await StartAgainAsync("10.0.0.0/8");
        AssertRefused(DeviceError.NotExported, Keyboard);
        var error = Assert.Throws<DeviceException>(() => UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience)));
        Assert.Equal(DeviceError.PeerLost, error.Error);
    }

    [Fact]
    public void New_plain_clients_hold_for_who_asks_next()
    {
        Settings.PlainClients = [];
        Assert.Throws<DeviceException>(() => UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience)));
        Settings.PlainClients = [System.Net.IPNetwork.Parse("127.0.0.1/32")];
        Assert.Single(UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience)));
    }

    [Fact]
    public async Task New_limits_hold_for_who_connects_next_and_a_silent_client_has_no_longer_than_they_say()
    {
        await StartAgainAsync(limits: ListenerLimits.Default with { RequestTimeout = TimeSpan.FromHours(1) });
        var silent = Connect();
        await AwaitConditionAsync(() => !silent.Poll(TimeSpan.Zero, System.Net.Sockets.SelectMode.SelectRead));
        Listener.Tell(new UsbIpListener.NewLimits(ListenerLimits.Default with { PerAddress = 2, RequestTimeout = TimeSpan.FromSeconds(1) }));
        await SettleAsync(Listener);

        // They are taken with the next connection; of three silent ones the oldest gives way, and all are closed after a second.
        var next = Connect();
        var third = Connect();
        AssertClosed(silent);
        AssertClosed(next);
        AssertClosed(third);
    }

    [Fact]
    public async Task Who_is_not_allowed_gets_what_it_has_a_lease_for()
    {
        await StartAgainAsync("10.0.0.0/8");
        var lease = await LeaseAsync();
        using var imported = Import(Keyboard, new LeasePreamble(lease.LeaseId, Resume: false));
        Assert.Equal(Keyboard, imported.Device.BusId);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_nodes_of_the_cluster_are_allowed(bool published)
    {
        await StartAgainAsync("10.0.0.0/8");
        var members = new MembershipView("", MembershipView.Empty.Members.Add(
            "akka.tcp://usbipcluster@127.0.0.1:7240", new MemberState("up", false)));
        if (published)
            Sys.EventStream.Publish(new MembershipActor.Changed(members, MembershipView.Empty));
        else
            Listener.Tell(members);
        await SettleAsync(Listener);
        Assert.Single(UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience)));
        using var imported = Import(Keyboard);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_with_an_unknown_lease_is_closed(bool resume)
    {
        await LeaseAsync();
        var error = Assert.Throws<DeviceException>(() => Import(Keyboard, new LeasePreamble(LeaseId.New(), resume)));
        Assert.Equal(DeviceError.PeerLost, error.Error);
    }

    [Fact]
    public async Task AListener_that_stopped_takes_no_connection_from_the_next_one()
    {
        await StartAgainAsync();
        await StartAgainAsync();
        Assert.Single(UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience)));
    }

    [Fact]
    public async Task AListener_that_failed_goes_on()
    {
        Listener.Tell(Kill.Instance);
        await SettleAsync(Listener);
        for (var times = 0; times < 3; times++)
            Assert.Single(UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience)));
    }
}
