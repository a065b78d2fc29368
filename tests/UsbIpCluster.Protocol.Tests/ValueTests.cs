namespace UsbIpCluster.Protocol.Tests;

public sealed class ValueTests
{
    [Theory]
    [InlineData("1-1")]
    [InlineData("1-1.4.2")]
    [InlineData("sim-0")]
    [InlineData("1234567890123456789012345678901")]
    public void A_bus_id_is_read(string text) => Assert.Equal(text, BusId.Parse(text).ToString());

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData(".")]
    [InlineData("1..2")]
    [InlineData("1/2")]
    [InlineData("1-1 ")]
    [InlineData("1-１")]
    [InlineData("12345678901234567890123456789012")]
    public void What_is_no_bus_id_is_refused(string? text) => Assert.False(BusId.TryParse(text, out _));

    [Fact]
    public void A_device_id_is_the_bus_number_above_the_device_number()
    {
        Assert.Equal(0x0001000fu, new DeviceId(1, 15).Value);
        Assert.Equal(new DeviceId(1, 15), DeviceId.FromValue(0x0001000f));
    }

    [Fact]
    public void A_lease_id_is_read_as_it_is_written()
    {
        var lease = LeaseId.New();
        Assert.True(LeaseId.TryParse(lease.ToString(), out var read));
        Assert.Equal(lease, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("00112233445566778899aabbccddeef")]
    [InlineData("00112233445566778899aabbccddeefg")]
    [InlineData(" 0112233445566778899aabbccddeeff")]
    public void What_is_no_lease_id_is_refused(string? text) => Assert.False(LeaseId.TryParse(text, out _));

    [Theory]
    [InlineData("mass-storage", 0x08)]
    [InlineData("HID", 0x03)]
    [InlineData("cdc", 0x02)]
    [InlineData("vendor", 0xff)]
    [InlineData("wireless", 0xe0)]
    [InlineData("0e", 0x0e)]
    [InlineData("E0", 0xe0)]
    public void A_class_is_read_by_name_or_two_digits(string text, byte code)
    {
        Assert.True(UsbClassCodes.TryParse(text, out var read));
        Assert.Equal(code, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("8")]
    [InlineData("0x8")]
    [InlineData("disk")]
    public void What_is_no_class_is_refused(string? text) => Assert.False(UsbClassCodes.TryParse(text, out _));

    [Fact]
    public void Every_class_is_read_by_the_name_that_it_is_shown_with() => Assert.All(
        Enumerable.Range(0, 256),
        code => Assert.True(UsbClassCodes.TryParse(UsbClassCodes.NameOf((byte)code), out var read) && read == code));

    [Theory]
    [InlineData("Flash Disk", "Flash Disk")]
    [InlineData("a\u001b[31mb", "a?[31mb")]
    [InlineData("a\r\nb", "a??b")]
    [InlineData("a\u202eb", "a?b")]
    [InlineData("a\u2028b", "a?b")]
    [InlineData("日本 é", "日本 é")]
    public void Text_is_printed_without_what_could_steer_a_terminal(string text, string printed) =>
        Assert.Equal(printed, PrintableText.From(text));

    [Fact]
    public void Half_a_surrogate_pair_is_replaced() => Assert.Equal("a?b", PrintableText.From(['a', '\ud83d', 'b']));
}
