using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

public sealed class RowsTests
{
    private static readonly ClusterDevice Device = Samples.Device(
        "lab1", Samples.Entry("1-1", DeviceState.InUse, "lab2/a1") with { Name = "golden", Epoch = new Epoch(7), User = "alice" });

    [Fact]
    public void A_device_is_shown_with_everything_that_is_known_of_it() => Assert.Equal(
        new DeviceRow(
            "lab1", "1-1", "0525", "a4a5", "S-1-1", "Maker", "Product 1-1", "mass-storage", "high", "kernel", "in-use", "lab2/a1", "golden", true, 7, "alice"),
        Rows.Of(Device));

    [Fact]
    public void A_device_that_can_not_be_reached_is_shown_as_it_was_last() =>
        Assert.False(Rows.Of(Device with { Reachable = false }).Reachable);

    [Fact]
    public void Ids_have_four_lower_case_hex_digits()
    {
        var row = Rows.Of(Device with { Device = Device.Device with { VendorId = 0x00AB, ProductId = 0 } });
        Assert.Equal(("00ab", "0000"), (row.Vid, row.Pid));
    }

    [Theory]
    [InlineData(DeviceState.Unbound, "unbound")]
    [InlineData(DeviceState.Available, "available")]
    [InlineData(DeviceState.Leased, "leased")]
    [InlineData(DeviceState.InUse, "in-use")]
    [InlineData(DeviceState.Releasing, "releasing")]
    [InlineData(DeviceState.Faulted, "faulted")]
    public void A_state_has_the_name_of_the_command_line(DeviceState state, string name) => Assert.Equal(name, Rows.StateOf(state));

    [Theory]
    [InlineData(UsbSpeed.Unknown, "unknown")]
    [InlineData(UsbSpeed.Low, "low")]
    [InlineData(UsbSpeed.Full, "full")]
    [InlineData(UsbSpeed.High, "high")]
    [InlineData(UsbSpeed.Wireless, "wireless")]
    [InlineData(UsbSpeed.Super, "super")]
    [InlineData(UsbSpeed.SuperPlus, "super-plus")]
    public void A_speed_has_the_name_of_the_command_line(UsbSpeed speed, string name) =>
        Assert.Equal(name, Rows.Of(Device with { Device = Device.Device with { Speed = speed } }).Speed);

    [Theory]
    [InlineData(0x09, "hub")]
    [InlineData(0x00, "mass-storage")]
    [InlineData(0xef, "mass-storage")]
    [InlineData(0x42, "42")]
    public void A_device_whose_interfaces_tell_the_class_has_that_of_the_first(byte deviceClass, string name) =>
        Assert.Equal(name, Rows.Of(Device with { Device = Device.Device with { DeviceClass = new UsbClass(deviceClass, 0, 0) } }).Class);

    [Fact]
    public void A_device_without_interfaces_has_its_own_class() =>
        Assert.Equal("00", Rows.Of(Device with { Device = Device.Device with { Interfaces = [] } }).Class);

    [Fact]
    public void A_device_of_a_plain_server_is_available_and_has_no_strings() => Assert.Equal(
        new DeviceRow("10.0.0.9", "1-1", "0525", "a4a5", null, null, null, "mass-storage", "high", "remote", "available", null, null, true, null, null),
        Rows.Of("10.0.0.9", new DevlistDevice(Samples.Record("1-1"), [new UsbClass(8, 6, 80)])));

    [Fact]
    public void An_attachment_is_shown_with_its_device_and_its_session()
    {
        var status = new AttachmentStatus(
            Plan(3, new AttachmentTarget.Device(Samples.Selector("serial=S-1-1"))) with { Rule = new AttachmentId(2) },
            AttachmentStates.Attached,
            Samples.Time)
        {
            Session = Samples.Session(2),
            Device = AttachedDevice.Of(Device),
            Endpoint = "10.0.0.1:3240",
            LocalBusId = BusId.Parse("7-3"),
            Reattaches = 4,
            LastError = "the session was lost",
        };
        Assert.Equal(
            new PortRow(
                2, "a3", "attached", "serial=S-1-1", "0525", "a4a5", "S-1-1", "Product 1-1", "lab1", "1-1", "10.0.0.1:3240", "7-3", Samples.Time, 4,
                "the session was lost", "a2"),
            Rows.Of(status));
    }

    [Theory]
    [InlineData(AttachmentStates.Attached, 2, "attached")]
    [InlineData(AttachmentStates.Lost, 2, "waiting")]
    [InlineData(AttachmentStates.Attached, 7, "waiting")]
    public void A_rule_is_attached_when_one_of_its_attachments_is(string state, uint rule, string shown)
    {
        var target = new AttachmentTarget.Device(Samples.Selector("serial=S-1-1"));
        var attachment = new AttachmentStatus(Plan(3, target) with { Rule = new AttachmentId(rule) }, state, Samples.Time);
        Assert.Equal(
            new PortRow(null, "a2", shown, "0525:a4a5", null, null, null, null, null, null, null, null, null, 0, null, All: true),
            Rows.Of(new AttachmentRule(new AttachmentId(2), Samples.Selector("0525:a4a5"), "alice", []), [attachment]));
    }

    [Fact]
    public void An_attachment_that_waits_shows_what_it_waits_for()
    {
        var status = new AttachmentStatus(
            Plan(1, new AttachmentTarget.Device(Samples.Selector("name=golden"))), AttachmentStates.Waiting, Samples.Time);
        Assert.Equal(
            new PortRow(null, "a1", "waiting", "name=golden", null, null, null, null, null, null, null, null, Samples.Time, 0, null), Rows.Of(status));
    }

    [Fact]
    public void An_attachment_of_a_plain_servers_device_shows_the_server()
    {
        var status = new AttachmentStatus(
            Plan(1, new AttachmentTarget.Plain(new NetworkAddress("10.0.0.9", 3240), BusId.Parse("1-9"))),
            AttachmentStates.Connecting,
            Samples.Time);
        Assert.Equal(
            new PortRow(null, "a1", "connecting", null, null, null, null, null, "10.0.0.9", "1-9", null, null, Samples.Time, 0, null),
            Rows.Of(status));
    }

    [Fact]
    public void A_port_of_another_program_is_shown_with_what_that_wrote_down()
    {
        var port = new HostPort(
            new PortNumber(5), PortStatus.Ready, new DeviceId(1, 2), BusId.Parse("7-6"), new PortOrigin("10.0.0.9", "3240", BusId.Parse("1-9")));
        Assert.Equal(
            new PortRow(5, null, "attached", null, null, null, null, null, "10.0.0.9", "1-9", "10.0.0.9:3240", "7-6", null, 0, null),
            Rows.Of(port));
    }

    [Fact]
    public void A_port_of_which_nothing_is_known_is_shown_with_its_number() => Assert.Equal(
        new PortRow(5, null, "enumerating", null, null, null, null, null, null, null, null, null, null, 0, null),
        Rows.Of(new HostPort(new PortNumber(5), PortStatus.Enumerating, null, null, null)));

    [Fact]
    public void The_port_of_an_ipv6_server_is_shown_in_brackets() => Assert.Equal(
        "[fd00::9]:3240",
        Rows.Of(new HostPort(
            new PortNumber(5), PortStatus.Ready, null, null, new PortOrigin("fd00::9", "3240", BusId.Parse("1-9")))).Endpoint);

    [Theory]
    [InlineData("S-1-1", "Product 1-1", "lab1/1-1 0525:a4a5 serial=S-1-1 Product 1-1")]
    [InlineData(null, "Product 1-1", "lab1/1-1 0525:a4a5 Product 1-1")]
    [InlineData(null, null, "lab1/1-1 0525:a4a5")]
    public void A_device_is_described_in_one_line(string? serial, string? product, string line) =>
        Assert.Equal(line, Rows.Describe(Device with { Device = Device.Device with { Serial = serial, Product = product } }));

    private static AttachmentPlan Plan(uint id, AttachmentTarget target) => new(new AttachmentId(id), target, Once: false, "alice");
}
