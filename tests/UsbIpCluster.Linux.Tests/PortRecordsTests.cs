using UsbIpCluster.Devices;
using UsbIpCluster.Linux.Tests.Fakes;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

public sealed class PortRecordsTests : IDisposable
{
    private static readonly PortNumber Port = new(7);
    private static readonly PortOrigin Origin = new("fe80::1", "3240", BusId.Parse("1-1.4"));

    private readonly TempFolder _folder = new();
    private readonly List<string> _log = [];
    private readonly PortRecords _records;

    public PortRecordsTests() => _records = new PortRecords(_folder.Combine("vhci_hcd"), _log.Add);

    private string RecordFile => _folder.Combine("vhci_hcd/port7");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_record_is_what_the_stock_tools_write()
    {
        _records.Write(Port, Origin);
        Assert.Equal("fe80::1 3240 1-1.4\n", File.ReadAllText(RecordFile));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(_folder.Combine("vhci_hcd")));
    }

    [Fact]
    public void A_record_is_read_back()
    {
        _records.Write(Port, Origin);
        Assert.Equal(Origin, _records.Read(Port));
    }

    [Fact]
    public void A_shorter_record_replaces_a_longer_one()
    {
        _records.Write(Port, Origin with { Host = "a-much-longer-name.example" });
        _records.Write(Port, Origin);
        Assert.Equal(Origin, _records.Read(Port));
    }

    [Theory]
    [InlineData("")]
    [InlineData("host 3240")]
    [InlineData("host 3240 ../../etc")]
    [InlineData("host  3240 1-1")]
    [InlineData("host 3240 1-1 more")]
    public void What_is_no_record_is_not_read(string content)
    {
        Directory.CreateDirectory(_folder.Combine("vhci_hcd"));
        File.WriteAllText(RecordFile, content);
        Assert.Null(_records.Read(Port));
    }

    [Fact]
    public void A_record_without_line_end_is_read()
    {
        Directory.CreateDirectory(_folder.Combine("vhci_hcd"));
        File.WriteAllText(RecordFile, "host 3240 1-1");
        Assert.Equal(new PortOrigin("host", "3240", BusId.Parse("1-1")), _records.Read(Port));
    }

    [Fact]
    public void A_huge_record_is_not_read()
    {
        Directory.CreateDirectory(_folder.Combine("vhci_hcd"));
        File.WriteAllText(RecordFile, new string('h', 1 << 20) + " 3240 1-1\n");
        Assert.Null(_records.Read(Port));
    }

    [Fact]
    public void A_name_with_a_blank_is_not_written_and_that_is_said()
    {
        _records.Write(Port, Origin with { Host = "a b" });
        Assert.False(File.Exists(RecordFile));
        Assert.Single(_log);
    }

    [Fact]
    public void A_folder_that_can_not_be_made_is_said_and_nothing_else()
    {
        File.WriteAllText(_folder.Combine("vhci_hcd"), "a file in the way");
        _records.Write(Port, Origin);
        Assert.Single(_log);
    }

    [Fact]
    public void Forgetting_what_is_not_there_says_nothing()
    {
        _records.Delete(Port);
        _records.Write(Port, Origin);
        _records.Delete(Port);
        _records.Delete(Port);
        Assert.Equal((false, 0), (File.Exists(RecordFile), _log.Count));
    }
}
