using System.Text;

namespace UsbIpCluster.Linux.Tests;

public sealed class UeventTests
{
    private const string Added =
        "add@/devices/platform/vhci_hcd.0/usb1/1-1\0ACTION=add\0DEVPATH=/devices/platform/vhci_hcd.0/usb1/1-1\0SUBSYSTEM=usb\0"
        + "MAJOR=189\0MINOR=1\0DEVNAME=bus/usb/001/002\0DEVTYPE=usb_device\0PRODUCT=525/a4a5/404\0TYPE=0/0/0\0BUSNUM=001\0DEVNUM=002\0SEQNUM=1234\0";

    [Fact]
    public void A_message_of_the_kernel_is_read()
    {
        Assert.True(Parse(Added, out var uevent));
        Assert.Equal(new Uevent("add", "/devices/platform/vhci_hcd.0/usb1/1-1", "usb", "usb_device"), uevent);
    }

    [Fact]
    public void The_name_is_the_last_part_of_the_path()
    {
        Assert.True(Parse(Added, out var uevent));
        Assert.Equal("1-1", uevent!.Name);
    }

    [Fact]
    public void A_message_without_a_type_has_none()
    {
        Assert.True(Parse("bind@/devices/x\0ACTION=bind\0DEVPATH=/devices/x\0SUBSYSTEM=usb\0", out var uevent));
        Assert.Null(uevent!.DevType);
    }

    [Fact]
    public void A_value_may_be_empty_and_may_hold_an_equals_sign() =>
        Assert.True(Parse("add@/d\0ACTION=add\0DEVPATH=/d\0SUBSYSTEM=usb\0EMPTY=\0MODALIAS=usb:v=1\0", out _));

    [Theory]
    [InlineData("")]
    [InlineData("\0")]
    [InlineData("libudev\0\xfe\xed\xca\xfe")]
    [InlineData("add@/d\0ACTION=add\0DEVPATH=/d\0SUBSYSTEM=usb")]
    [InlineData("add@/d\0ACTION=remove\0DEVPATH=/d\0SUBSYSTEM=usb\0")]
    [InlineData("add@/d\0ACTION=add\0DEVPATH=/e\0SUBSYSTEM=usb\0")]
    [InlineData("add@d\0ACTION=add\0DEVPATH=d\0SUBSYSTEM=usb\0")]
    [InlineData("add@/d\0ACTION=add\0DEVPATH=/d\0")]
    [InlineData("add@/d\0ACTION=add\0DEVPATH=/d\0SUBSYSTEM=usb\0novalue\0")]
    [InlineData("add@/d\0ACTION=add\0DEVPATH=/d\0SUBSYSTEM=usb\0=x\0")]
    [InlineData("@/d\0ACTION=\0DEVPATH=/d\0SUBSYSTEM=usb\0")]
    [InlineData("add@/d\x1b[2J\0ACTION=add\0DEVPATH=/d\x1b[2J\0SUBSYSTEM=usb\0")]
    [InlineData("add@/d\0ACTION=add\0DEVPATH=/d\0SUBSYSTEM=u\nsb\0")]
    [InlineData("add@/d\0ACTION=add\0DEVPATH=/d\0SUBSYSTEM=usb\0DEVTYPE=\x07\0")]
    public void Anything_else_is_refused(string message) => Assert.False(Parse(message, out _));

    [Fact]
    public void A_message_longer_than_any_of_the_kernel_is_refused() =>
        Assert.False(Parse(Added + "X=" + new string('x', Uevent.MaxSize) + "\0", out _));

    [Fact]
    public void A_message_that_is_cut_off_is_read_only_when_it_ends_behind_a_whole_variable_and_has_what_is_needed()
    {
        var bytes = Encoding.Latin1.GetBytes(Added);
        for (var length = 0; length < bytes.Length; length++)
        {
            var part = Added[..length];
            var isWhole = part.EndsWith('\0') && part.Contains("SUBSYSTEM=usb\0", StringComparison.Ordinal);
            Assert.Equal(isWhole, Uevent.TryParse(bytes.AsSpan(0, length), out _));
        }
    }

    [Fact]
    public void Whatever_is_accepted_after_random_changes_is_printable_and_consistent()
    {
        var random = new Random(20260711);
        var original = Encoding.Latin1.GetBytes(Added);
        var accepted = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = (byte[])original.Clone();
            for (var change = random.Next(1, 6); change > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (!Uevent.TryParse(bytes, out var uevent))
                continue;
            accepted++;
            Assert.StartsWith("/", uevent.DevPath, StringComparison.Ordinal);
            Assert.DoesNotContain(uevent.Action + uevent.DevPath + uevent.Subsystem + uevent.DevType, c => c is < ' ' or > '~');
        }

        Assert.InRange(accepted, 100, 19_900);
    }

    [Fact]
    public void Random_bytes_are_refused_without_an_exception()
    {
        var random = new Random(4);
        var bytes = new byte[512];
        for (var round = 0; round < 20_000; round++)
        {
            var length = random.Next(bytes.Length);
            random.NextBytes(bytes.AsSpan(0, length));
            Assert.False(Uevent.TryParse(bytes.AsSpan(0, length), out _));
        }
    }

    private static bool Parse(string message, out Uevent? uevent) => Uevent.TryParse(Encoding.Latin1.GetBytes(message), out uevent);
}
