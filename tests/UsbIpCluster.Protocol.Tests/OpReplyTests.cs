using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace UsbIpCluster.Protocol.Tests;

public sealed class OpReplyTests
{
    private const int BusNumberAt = UsbDeviceRecord.PathSize + 32;

    private static readonly UsbDeviceRecord Disk = new(
        "/sys/devices/pci0000:00/usb1/1-1",
        BusId.Parse("1-1"),
        new DeviceId(1, 2),
        UsbSpeed.High,
        0x0525,
        0xa4a5,
        0x0601,
        new UsbClass(0, 0, 0),
        ConfigurationValue: 1,
        ConfigurationCount: 1,
        InterfaceCount: 1);

    [Fact]
    public void A_record_is_laid_out_as_the_kernel_documentation_says()
    {
        var bytes = WireFormat.Written(UsbDeviceRecord.Size, Disk.Write);

        Assert.Equal(312, bytes.Length);
        Assert.Equal("1-1\0", Encoding.ASCII.GetString(bytes, 256, 4));
        Assert.Equal("00000001" + "00000002" + "00000003" + "0525a4a50601" + "000000010101", Convert.ToHexStringLower(bytes.AsSpan(288)));
    }

    [Fact]
    public void A_terminal_escape_in_a_path_does_not_pass()
    {
        var bytes = WireFormat.Written(UsbDeviceRecord.Size, Disk.Write);
        "/sys/\u001b[2J\u009b\n"u8.CopyTo(bytes);
        bytes["/sys/\u001b[2J\u009b\n"u8.Length] = 0;

        Assert.Equal("/sys/?[2J???", UsbDeviceRecord.Read(bytes).Value.Path);
    }

    [Fact]
    public void A_path_without_NUL_is_refused()
    {
        var bytes = WireFormat.Written(UsbDeviceRecord.Size, Disk.Write);
        bytes.AsSpan(0, UsbDeviceRecord.PathSize).Fill((byte)'a');

        Assert.Contains("path has no closing NUL", UsbDeviceRecord.Read(bytes).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_that_is_too_long_is_cut_so_that_its_NUL_stays()
    {
        var record = Disk with { Path = new string('a', 300) };
        var read = UsbDeviceRecord.Read(WireFormat.Written(UsbDeviceRecord.Size, record.Write));

        Assert.Equal(new string('a', 255), read.Value.Path);
    }

    [Theory]
    [InlineData(0, 0x10000u, "bus number 65536")]
    [InlineData(4, 0xffffffffu, "device number 4294967295")]
    [InlineData(8, 7u, "unknown speed 7")]
    public void A_number_out_of_range_is_refused(int offset, uint value, string reason)
    {
        var bytes = WireFormat.Written(UsbDeviceRecord.Size, Disk.Write);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(BusNumberAt + offset), value);

        Assert.Contains(reason, UsbDeviceRecord.Read(bytes).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_is_8_bytes() =>
        Assert.Equal("0111000300000002", Convert.ToHexString(ImportReply.Refused(OpStatus.DevBusy).Encode()));

    [Fact]
    public void An_unknown_status_is_a_refusal_with_words()
    {
        var reply = ImportReply.Read(Convert.FromHexString("01110003000000ff")).Value;

        Assert.False(reply.IsGranted);
        Assert.Equal("was refused with the unknown status 255", reply.Status.Describe());
    }

    [Fact]
    public void A_refusal_with_status_0_cannot_be_made() =>
        Assert.Throws<ArgumentException>(() => ImportReply.Refused(OpStatus.Ok));

    [Fact]
    public void A_list_is_no_reply_to_an_import() =>
        Assert.Contains("0x0005", ImportReply.Read(DevlistReply.Encode([])).Reason, StringComparison.Ordinal);

    [Fact]
    public void A_list_may_announce_4096_devices() =>
        Assert.Equal(new DevlistReply(OpStatus.Ok, 4096), DevlistReply.Read(Convert.FromHexString("011100050000000000001000")).Value);

    [Theory]
    [InlineData("00001001")]
    [InlineData("ffffffff")]
    public void A_list_that_announces_more_is_refused(string count)
    {
        var result = DevlistReply.Read(Convert.FromHexString("0111000500000000" + count));
        Assert.Contains("at most 4096", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_with_an_error_ends_behind_its_status()
    {
        var result = DevlistReply.Read(Convert.FromHexString("0111000500000005"));
        Assert.Equal((new DevlistReply(OpStatus.Error, 0), OpHeader.Size), (result.Value, result.Consumed));
    }

    [Fact]
    public void Interfaces_have_a_zero_byte_each_behind_the_record()
    {
        var device = new DevlistDevice(Disk, [new UsbClass(8, 6, 0x50)]);
        Assert.Equal("08065000", Convert.ToHexString(WireFormat.Written(device.Size, device.Write).AsSpan(UsbDeviceRecord.Size)));
    }

    [Fact]
    public void A_device_with_another_number_of_interfaces_than_its_record_counts_cannot_be_made() =>
        Assert.Throws<ArgumentException>(() => new DevlistDevice(Disk, ImmutableArray<UsbClass>.Empty));
}
