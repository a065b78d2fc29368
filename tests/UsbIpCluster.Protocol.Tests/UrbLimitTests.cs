using System.Buffers.Binary;

namespace UsbIpCluster.Protocol.Tests;

public sealed class UrbLimitTests
{
    private static readonly CmdSubmit Submit = new(1, new DeviceId(1, 2), UrbDirection.In, 1, 0, 512, 0, 0, 0, default);
    private static readonly RetSubmit Return = new(1, 0, 512, 0, 0, 0);

    [Theory]
    [InlineData(0, 0u, "no URB command")]
    [InlineData(0, 5u, "no URB command")]
    [InlineData(0, 3u, "RetSubmit instead of CmdSubmit")]
    [InlineData(12, 2u, "direction is 2")]
    [InlineData(16, 16u, "endpoint is 16")]
    [InlineData(16, 0x80000001u, "endpoint is 2147483649")]
    [InlineData(24, 0xffffffffu, "transfer_buffer_length is -1")]
    [InlineData(24, 0x01000001u, "transfer_buffer_length is 16777217")]
    [InlineData(32, 1025u, "1025 isochronous packets")]
    [InlineData(32, 0xfffffffeu, "-2 isochronous packets")]
    public void A_submit_out_of_range_is_refused(int offset, uint value, string reason)
    {
        var result = CmdSubmit.Read(Changed(WireFormat.Written(UrbHeader.Size, Submit.Write), offset, value));

        Assert.Equal(ReadStatus.Malformed, result.Status);
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1u, "CmdSubmit instead of RetSubmit")]
    [InlineData(24, 0x80000000u, "actual_length is -2147483648")]
    [InlineData(32, 0x10000001u, "268435457 isochronous packets")]
    public void A_return_out_of_range_is_refused(int offset, uint value, string reason)
    {
        var result = RetSubmit.Read(Changed(WireFormat.Written(UrbHeader.Size, Return.Write), offset, value));

        Assert.Equal(ReadStatus.Malformed, result.Status);
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(16, 15u)]
    [InlineData(24, 0u)]
    [InlineData(24, 0x01000000u)]
    [InlineData(32, 0xffffffffu)]
    [InlineData(32, 1024u)]
    public void A_submit_at_the_limit_is_taken(int offset, uint value) =>
        Assert.True(CmdSubmit.Read(Changed(WireFormat.Written(UrbHeader.Size, Submit.Write), offset, value)).IsComplete);

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, 0)]
    [InlineData(3, 48)]
    public void Packets_close_the_payload_16_bytes_each(int packets, int size) =>
        Assert.Equal((size, size), (
            (Submit with { NumberOfPackets = packets }).PayloadSize,
            (Return with { NumberOfPackets = packets }).PayloadSize(UrbDirection.Out)));

    [Fact]
    public void A_return_answers_its_submit() => Assert.Null(Return.CheckAnswers(Submit));

    [Fact]
    public void A_return_with_more_bytes_than_the_buffer_holds_is_found_out() => Assert.Equal(
        "URB 1 returns 513 bytes for a buffer of 512", (Return with { ActualLength = 513 }).CheckAnswers(Submit));

    [Fact]
    public void A_return_with_another_number_of_packets_is_found_out() => Assert.Equal(
        "URB 1 returns 9 isochronous packets of 8",
        (Return with { NumberOfPackets = 9 }).CheckAnswers(Submit with { NumberOfPackets = 8 }));

    [Fact]
    public void A_return_of_another_URB_is_found_out() => Assert.Equal(
        "the reply is to URB 2 instead of 1", (Return with { SequenceNumber = 2 }).CheckAnswers(Submit));

    [Theory]
    [InlineData("00000200 00000001 00000000 00000000", "bytes 512 to 513 of a buffer of 512")]
    [InlineData("ffffffff ffffffff 00000000 00000000", "bytes 4294967295 to 8589934590")]
    [InlineData("00000000 00000010 00000011 00000000", "transferred 17 bytes of 16")]
    [InlineData("00000000 00000010 ffffffff 00000000", "transferred 4294967295 bytes of 16")]
    public void A_packet_outside_its_buffer_is_refused(string hex, string reason)
    {
        var result = IsoPacketDescriptor.Read(Bytes(hex), bufferLength: 512);

        Assert.Equal(ReadStatus.Malformed, result.Status);
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void All_packets_of_a_URB_are_read_with_the_sum_of_their_bytes()
    {
        var packets = new IsoPacketDescriptor[2];
        var result = IsoPacketDescriptor.ReadAll(
            Bytes("00000000 00000100 00000080 00000000 00000100 00000100 00000040 ffffffee"), packets, bufferLength: 512);

        Assert.Equal((192, 32), (result.Value, result.Consumed));
        Assert.Equal([new IsoPacketDescriptor(0, 256, 128, 0), new IsoPacketDescriptor(256, 256, 64, -18)], packets);
    }

    [Fact]
    public void Packets_that_overlap_to_more_than_the_buffer_are_refused()
    {
        var result = IsoPacketDescriptor.ReadAll(
            Bytes("00000000 00000200 00000200 00000000 00000000 00000200 00000001 00000000"),
            new IsoPacketDescriptor[2],
            bufferLength: 512);

        Assert.Contains("513 bytes of a buffer of 512", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Packets_that_have_not_all_arrived_need_more() => Assert.Equal(
        1024 * 16 - 5, IsoPacketDescriptor.ReadAll(new byte[5], new IsoPacketDescriptor[1024], bufferLength: 512).Missing);

    [Fact]
    public void Reading_and_writing_headers_allocates_nothing()
    {
        var bytes = new byte[UrbHeader.Size];
        TurnOver(bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            TurnOver(bytes);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void TurnOver(Span<byte> bytes)
    {
        Submit.Write(bytes);
        CmdSubmit.Read(bytes).Value.Write(bytes);
        Return.Write(bytes);
        RetSubmit.Read(bytes).Value.Write(bytes);
        new CmdUnlink(2, Submit.DeviceId, 1).Write(bytes);
        CmdUnlink.Read(bytes).Value.Write(bytes);
        new RetUnlink(2, -104).Write(bytes);
        RetUnlink.Read(bytes).Value.Write(bytes);
        new IsoPacketDescriptor(0, 16, 8, 0).Write(bytes);
        IsoPacketDescriptor.Read(bytes, 16).Value.Write(bytes);
    }

    private static byte[] Changed(byte[] message, int offset, uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(offset), value);
        return message;
    }

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
