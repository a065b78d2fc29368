namespace UsbIpCluster.Protocol.Tests;

/// <summary>The four messages of a HID device that the kernel's documentation shows: Documentation/usb/usbip_protocol.rst.</summary>
public sealed class KernelExampleTests
{
    private const string CmdIntrIn =
        "00000001 00000d05 0001000f 00000001 00000001 00000200 00000040 ffffffff 00000000 00000004 00000000 00000000";

    private const string CmdIntrOut =
        "00000001 00000d06 0001000f 00000000 00000001 00000000 00000040 ffffffff 00000000 00000004 00000000 00000000"
        + "ffffffff860008a784ce5ae21237630000000000000000000000000000000000"
        + "0000000000000000000000000000000000000000000000000000000000000000";

    private const string RetIntrOut =
        "00000003 00000d06 00000000 00000000 00000000 00000000 00000040 ffffffff 00000000 00000000 00000000 00000000";

    private const string RetIntrIn =
        "00000003 00000d05 00000000 00000000 00000000 00000000 00000040 ffffffff 00000000 00000000 00000000 00000000"
        + "ffffffff860011a784ce5ae2123763612891b102010000040000000000000000"
        + "0000000000000000000000000000000000000000000000000000000000000000";

    private static readonly CmdSubmit In = new(
        0xd05, new DeviceId(1, 15), UrbDirection.In, Endpoint: 1, 0x200, 64, StartFrame: -1, NumberOfPackets: 0, Interval: 4, default);

    private static readonly CmdSubmit Out = new(
        0xd06, new DeviceId(1, 15), UrbDirection.Out, Endpoint: 1, 0, 64, StartFrame: -1, NumberOfPackets: 0, Interval: 4, default);

    private static readonly RetSubmit OfOut = new(0xd06, 0, 64, StartFrame: -1, NumberOfPackets: 0, ErrorCount: 0);

    private static readonly RetSubmit OfIn = new(0xd05, 0, 64, StartFrame: -1, NumberOfPackets: 0, ErrorCount: 0);

    [Fact]
    public void CmdIntrIN_is_read() => Assert.Equal(In, CmdSubmit.Read(Bytes(CmdIntrIn)).Value);

    [Fact]
    public void CmdIntrOUT_is_read() => Assert.Equal(Out, CmdSubmit.Read(Bytes(CmdIntrOut)).Value);

    [Fact]
    public void RetIntrOut_is_read() => Assert.Equal(OfOut, RetSubmit.Read(Bytes(RetIntrOut)).Value);

    [Fact]
    public void RetIntrIn_is_read() => Assert.Equal(OfIn, RetSubmit.Read(Bytes(RetIntrIn)).Value);

    [Fact]
    public void A_submit_has_its_data_behind_it_only_when_it_is_OUT() => Assert.Equal(
        (Bytes(CmdIntrIn).Length, Bytes(CmdIntrOut).Length), (UrbHeader.Size + In.PayloadSize, UrbHeader.Size + Out.PayloadSize));

    [Fact]
    public void A_return_has_its_data_behind_it_only_when_the_submit_was_IN() => Assert.Equal(
        (Bytes(RetIntrIn).Length, Bytes(RetIntrOut).Length),
        (UrbHeader.Size + OfIn.PayloadSize(UrbDirection.In), UrbHeader.Size + OfOut.PayloadSize(UrbDirection.Out)));

    [Fact]
    public void All_four_headers_are_written_byte_for_byte()
    {
        var written = new byte[4 * UrbHeader.Size];
        In.Write(written);
        Out.Write(written.AsSpan(UrbHeader.Size));
        OfOut.Write(written.AsSpan(2 * UrbHeader.Size));
        OfIn.Write(written.AsSpan(3 * UrbHeader.Size));

        Assert.Equal([.. Header(CmdIntrIn), .. Header(CmdIntrOut), .. Header(RetIntrOut), .. Header(RetIntrIn)], written);
    }

    private static byte[] Header(string hex) => Bytes(hex)[..UrbHeader.Size];

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
