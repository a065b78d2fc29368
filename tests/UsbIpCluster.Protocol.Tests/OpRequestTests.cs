namespace UsbIpCluster.Protocol.Tests;

public sealed class OpRequestTests
{
    private static readonly byte[] NoDevice = Convert.FromHexString("0111800300000000" + new string('0', 64));

    [Fact]
    public void A_list_request_is_the_header_alone() =>
        Assert.Equal("0111800500000000", Convert.ToHexString(new OpRequest.ListDevices().Encode()));

    [Fact]
    public void An_import_request_has_the_bus_id_padded_with_NUL() => Assert.Equal(
        "0111800300000000" + "312d312e34" + new string('0', 54),
        Convert.ToHexStringLower(new OpRequest.Import(BusId.Parse("1-1.4")).Encode()));

    [Theory]
    [InlineData(false, "80e0")]
    [InlineData(true, "80e1")]
    public void A_lease_is_named_by_24_bytes(bool resume, string code)
    {
        Assert.True(LeaseId.TryParse("00112233445566778899aabbccddeeff", out var lease));
        OpRequest request = resume ? new OpRequest.ResumeLease(lease) : new OpRequest.UseLease(lease);

        Assert.Equal($"0111{code}0000000000112233445566778899aabbccddeeff", Convert.ToHexStringLower(request.Encode()));
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("SSH-2.0-OpenSSH\r\n")]
    [InlineData("\u0016\u0003")]
    public void A_foreign_protocol_is_recognised_by_its_first_two_bytes(string opening)
    {
        var result = OpRequest.Read(System.Text.Encoding.ASCII.GetBytes(opening).AsSpan(0, 2));

        Assert.Equal(ReadStatus.Malformed, result.Status);
        Assert.Contains("not USB/IP 1.1.1", result.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0106800500000000", "starts with 0x0106")]
    [InlineData("0111800600000000", "0x8006 is no request")]
    [InlineData("0111000500000000", "0x0005 is no request")]
    [InlineData("0111800500000001", "status 1")]
    public void A_header_that_opens_no_request_is_refused(string hex, string reason)
    {
        var result = OpRequest.Read(Convert.FromHexString(hex));

        Assert.Equal(ReadStatus.Malformed, result.Status);
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("11111111111111111111111111111111", "no closing NUL")]
    [InlineData("", "empty")]
    [InlineData("../../etc", "none")]
    [InlineData("1-1\n", "none")]
    [InlineData("1-\u001b[2J", "none")]
    [InlineData("1-\u00e9", "none")]
    public void A_bus_id_that_is_none_is_refused(string busId, string reason)
    {
        var message = (byte[])NoDevice.Clone();
        System.Text.Encoding.Latin1.GetBytes(busId, message.AsSpan(OpHeader.Size));
        var result = OpRequest.Read(message);

        Assert.Equal(ReadStatus.Malformed, result.Status);
        Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(result.Reason!, char.IsControl);
    }

    [Fact]
    public void A_bus_id_of_31_bytes_fits()
    {
        var busId = BusId.Parse(new string('1', BusId.MaxLength));
        Assert.Equal(new OpRequest.Import(busId), OpRequest.Read(new OpRequest.Import(busId).Encode()).Value);
    }

    [Fact]
    public void Two_requests_in_one_buffer_are_read_one_after_the_other()
    {
        OpRequest lease = new OpRequest.UseLease(LeaseId.New());
        OpRequest import = new OpRequest.Import(BusId.Parse("1-1"));
        byte[] buffer = [.. lease.Encode(), .. import.Encode()];
        var first = OpRequest.Read(buffer);

        Assert.Equal(lease, first.Value);
        Assert.Equal(import, OpRequest.Read(buffer.AsSpan(first.Consumed)).Value);
    }
}
