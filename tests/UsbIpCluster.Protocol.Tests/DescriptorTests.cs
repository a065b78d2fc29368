using System.Collections.Immutable;

namespace UsbIpCluster.Protocol.Tests;

public sealed class DescriptorTests
{
    private const string Interface = "09 04 00 00 01 03 01 01 00";
    private const string HidClass = "09 21 11 01 00 01 22 3f 00";
    private const string Endpoint = "07 05 81 03 08 00 0a";

    [Fact]
    public void A_keyboards_configuration_is_built_byte_for_byte()
    {
        var keyboard = new UsbConfiguration(
            Value: 1,
            StringIndex: 0,
            Attributes: 0xa0,
            MaxPower: 50,
            Others: [],
            [
                new UsbInterface(
                    Number: 0,
                    AlternateSetting: 0,
                    new UsbClass(UsbClassCodes.Hid, 1, 1),
                    StringIndex: 0,
                    [OtherDescriptor.Create((byte)DescriptorType.Hid, 0x11, 0x01, 0x00, 0x01, 0x22, 0x3f, 0x00)],
                    [new UsbEndpoint(new EndpointDescriptor(0x81, 3, 8, 10))]),
            ]);

        Assert.Equal(Bytes($"09 02 22 00 01 01 00 a0 32 {Interface} {HidClass} {Endpoint}"), keyboard.Encode());
    }

    [Fact]
    public void An_endpoint_has_a_number_a_direction_and_a_type()
    {
        var endpoint = EndpointDescriptor.Read(Bytes(Endpoint)).Value;
        Assert.Equal(
            ((byte)1, UrbDirection.In, EndpointTransferType.Interrupt), (endpoint.Number, endpoint.Direction, endpoint.TransferType));
    }

    [Fact]
    public void The_first_9_bytes_tell_how_many_are_missing() =>
        Assert.Equal(0x22 - 9, UsbConfiguration.Read(Bytes("09 02 22 00 01 01 00 a0 32")).Missing);

    [Theory]
    [InlineData("00 24", "says that it has 0 bytes")]
    [InlineData("01 24", "says that it has 1 bytes")]
    [InlineData("09", "ends 8 bytes behind the configuration")]
    [InlineData("05 24 00", "ends 2 bytes behind the configuration")]
    [InlineData(Endpoint, "where Interface (0x04) belongs")]
    [InlineData("08 04 00 00 00 03 01 01", "Interface descriptor says that it has 8 bytes; it takes 9")]
    [InlineData(Interface + "06 05 81 03 08 00", "Endpoint descriptor says that it has 6 bytes; it takes 7")]
    [InlineData(Interface + "07 05 81 03", "ends 3 bytes behind the configuration")]
    [InlineData(Interface + "00 00 00 00", "at byte 18 of the configuration")]
    public void A_configuration_with_a_wrong_length_inside_is_refused(string body, string reason)
    {
        var result = UsbConfiguration.Read(Configuration(body));

        Assert.Equal(ReadStatus.Malformed, result.Status);
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_configuration_that_is_shorter_than_its_head_is_refused() =>
        Assert.Contains("8 bytes in all", UsbConfiguration.Read(Bytes("09 02 08 00 01 01 00 a0 32")).Reason, StringComparison.Ordinal);

    [Fact]
    public void More_endpoints_than_there_are_addresses_are_refused()
    {
        var result = UsbConfiguration.Read(Configuration(Interface + string.Concat(Enumerable.Repeat(Endpoint, 31))));
        Assert.Contains("more than 30 endpoints", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_count_of_interfaces_is_corrected()
    {
        var result = UsbConfiguration.Read(Configuration(Interface + Endpoint));
        Assert.Equal((1, 1), (result.Value.InterfaceCount, result.Value.Encode()[4]));
    }

    [Fact]
    public void An_audio_endpoint_of_9_bytes_is_taken_as_its_first_7()
    {
        var result = UsbConfiguration.Read(Configuration(Interface + "09 05 81 03 08 00 0a 00 82"));
        Assert.Equal(EndpointDescriptor.Read(Bytes(Endpoint)).Value, result.Value.Interfaces.Single().Endpoints.Single().Descriptor);
    }

    [Fact]
    public void A_descriptor_of_another_type_is_refused() => Assert.Equal(
        "a descriptor of type 0x02 where Device (0x01) belongs", DeviceDescriptor.Read(Bytes("12 02")).Reason);

    [Fact]
    public void A_configuration_beyond_65535_bytes_is_not_written()
    {
        var large = OtherDescriptor.Create(0x24, new byte[253]);
        var configuration = new UsbConfiguration(1, 0, 0x80, 50, [.. Enumerable.Repeat(large, 258)], []);

        Assert.Throws<InvalidOperationException>(configuration.Encode);
    }

    [Fact]
    public void A_descriptor_beyond_255_bytes_is_not_made() =>
        Assert.Throws<ArgumentException>(() => OtherDescriptor.Create(0x24, new byte[254]));

    [Fact]
    public void More_endpoints_than_there_are_addresses_are_not_written()
    {
        var endpoint = new UsbEndpoint(new EndpointDescriptor(0x81, 3, 8, 10));
        var setting = new UsbInterface(0, 0, default, 0, [], [.. Enumerable.Repeat(endpoint, 31)]);
        var configuration = new UsbConfiguration(1, 0, 0x80, 50, [], ImmutableArray.Create(setting));

        Assert.Throws<InvalidOperationException>(configuration.Encode);
    }

    [Fact]
    public void A_string_is_UTF16_behind_its_length() =>
        Assert.Equal(Bytes("08 03 41 00 e4 00 42 00"), StringDescriptor.Encode("AäB"));

    [Theory]
    [InlineData("06 03 1b 00 41 00", "?A")]
    [InlineData("06 03 2e 20 41 00", "?A")]
    [InlineData("06 03 3d d8 41 00", "?A")]
    [InlineData("06 03 3d d8 0a de", "\U0001f60a")]
    [InlineData("05 03 41 00 42", "A")]
    [InlineData("02 03", "")]
    public void A_string_is_read_without_what_could_steer_a_terminal(string hex, string text) =>
        Assert.Equal(text, StringDescriptor.Read(Bytes(hex)).Value);

    [Fact]
    public void A_string_of_126_characters_is_the_longest()
    {
        Assert.Equal(254, StringDescriptor.Encode(new string('a', StringDescriptor.MaxLength)).Length);
        Assert.Throws<ArgumentException>(() => StringDescriptor.Encode(new string('a', StringDescriptor.MaxLength + 1)));
    }

    [Fact]
    public void The_languages_are_the_string_of_index_0() =>
        Assert.Equal(Bytes("04 03 09 04"), StringDescriptor.EncodeLanguages(StringDescriptor.EnglishUnitedStates));

    [Fact]
    public void A_setup_packet_is_little_endian()
    {
        var setup = SetupPacket.Read(Bytes("a1 21 34 12 02 00 07 00"));
        Assert.Equal(new SetupPacket(0xa1, 0x21, 0x1234, 2, 7), setup);
        Assert.Equal((true, SetupRequestType.Class, (byte)1), (setup.IsIn, setup.Type, setup.Recipient));
    }

    /// <summary>A configuration of the right total length that says it had 7 interfaces.</summary>
    private static byte[] Configuration(string body)
    {
        var bytes = Bytes(body);
        return [.. Bytes($"09 02 {ConfigurationDescriptor.Size + bytes.Length & 0xff:x2} 00 07 01 00 a0 32"), .. bytes];
    }

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
