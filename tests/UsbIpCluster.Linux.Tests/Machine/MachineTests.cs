using UsbIpCluster.Linux.Tests.Fakes;

namespace UsbIpCluster.Linux.Tests.Machine;

/// <summary>The smaller readings: rights, groups, files, the clock, ports.</summary>
public sealed class MachineTests : IDisposable
{
    private readonly FakeSysfs _fake = new();

    public void Dispose() => _fake.Dispose();

    [Theory]
    [InlineData("0000003fffffffff", 0, true, true)]
    [InlineData("0000000000000000", 0, true, false)]
    [InlineData("0000000000000000", 1000, false, false)]
    [InlineData("0000000000000002", 1000, true, false)]
    [InlineData("0000000000010002", 1000, true, true)]
    public void Rights_are_the_effective_user_and_capabilities(string capabilities, uint user, bool writes, bool loads)
    {
        var rights = ProcessRights.Parse(["Name:\tusbipcd", $"Uid:\t7\t{user}\t7\t7", $"CapEff:\t{capabilities}"]);
        Assert.Equal((user, writes, loads), (rights!.UserId, rights.WritesKernelFiles, rights.LoadsModules));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Uid:\t0\t0\t0\t0")]
    [InlineData("CapEff:\t0000003fffffffff")]
    [InlineData("Uid:\t0\troot\t0\t0|CapEff:\t0000003fffffffff")]
    [InlineData("Uid:|CapEff:\tlots")]
    public void Rights_that_can_not_be_read_are_not_known(string lines) => Assert.Null(ProcessRights.Parse(lines.Split('|')));

    [Fact]
    public void A_group_has_its_members_and_those_whose_first_group_it_is()
    {
        string[] groups = ["root:x:0:", "usbip:x:107:bob,alice,,bob", "usbip:x:108:carol"];
        string[] users = ["root:x:0:0:root:/root:/bin/sh", "dora:x:1001:107::/home/dora:/bin/sh", "broken", "eve:x:1:x:::"];
        var group = UserGroup.Parse(groups, users, "usbip")!;
        Assert.Equal((107u, "alice bob dora"), (group.Id, string.Join(' ', group.Members)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("usbip")]
    [InlineData("usbip:x:")]
    [InlineData("usbip:x:-1:a")]
    [InlineData("usbip:x:many:a")]
    [InlineData("usbipx:x:1:a")]
    public void What_is_no_such_line_is_no_group(string line) => Assert.Null(UserGroup.Parse([line], [], "usbip"));

    [Theory]
    [InlineData(0, 0, ClockState.Synchronized)]
    [InlineData(0, 0x2001, ClockState.Synchronized)]
    [InlineData(5, 0x40, ClockState.Unsynchronized)]
    [InlineData(0, 0x41, ClockState.Unsynchronized)]
    [InlineData(5, 0, ClockState.Unsynchronized)]
    [InlineData(-1, 0, ClockState.Unknown)]
    public void The_clock_is_what_the_kernel_says(int result, int status, ClockState state) =>
        Assert.Equal(state, KernelClock.Judge(result, status));

    [Fact]
    public void The_clock_of_this_machine_can_be_asked() => Assert.NotEqual(ClockState.Unknown, KernelClock.Read());

    [Fact]
    public void A_file_a_folder_and_nothing_are_told_apart()
    {
        _fake.Write("/file", "");
        File.SetUnixFileMode(_fake.Below("/file"), UnixFileMode.UserRead | UnixFileMode.GroupWrite);
        var file = FileStatus.Of(_fake.Below("/file"))!;
        Assert.Equal((FileType.Regular, (UnixFileMode)0x110, ProcessRights.OfSelf(new Sysfs())!.UserId), (file.Type, file.Mode, file.Owner));
        Assert.True(FileStatus.Of(_fake.Root) is { Type: FileType.Folder });
        Assert.Null(FileStatus.Of(_fake.Below("/nothing")));
        Assert.Null(FileStatus.WhyNotWritable(_fake.Root));
        Assert.Equal("No such file or directory", FileStatus.WhyNotWritable(_fake.Below("/nothing")));
    }

    [Fact]
    public void Ports_are_counted_by_speed_over_all_controllers()
    {
        WriteStatus("status", "hs  0000 006 003 00110002 000003 1-1", "hs  0001 004 000 00000000 000000 0-0", "ss  0002 004 000 00000000 000000 0-0");
        WriteStatus("status.1", "hs  0003 005 000 00000000 000000 0-0", "hs  0004 004 000 00000000 000000 0-0", "ss  0005 004 000 00000000 000000 0-0");
        Assert.Equal([new HubUse(false, 2, 4, 2), new HubUse(true, 2, 2, 0)], HubUse.Read(new Sysfs(_fake.Root)).ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("hub port sta spd dev sockfd local_busid\nhs 0000 006 003 zzzz 000003 1-1")]
    public void Ports_that_are_not_understood_are_an_error_of_its_own(string text)
    {
        _fake.Write($"{FakeSysfs.Vhci}/status", text);
        Assert.Equal(
            Devices.DeviceError.UnexpectedFormat,
            Assert.Throws<Devices.DeviceException>(() => HubUse.Read(new Sysfs(_fake.Root))).Error);
    }

    private void WriteStatus(string file, params string[] lines) =>
        _fake.Write($"{FakeSysfs.Vhci}/{file}", "hub port sta spd dev      sockfd local_busid\n" + string.Join('\n', lines) + "\n");
}
