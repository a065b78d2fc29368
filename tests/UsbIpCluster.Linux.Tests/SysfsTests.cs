using UsbIpCluster.Linux.Tests.Fakes;

namespace UsbIpCluster.Linux.Tests;

public sealed class SysfsTests : IDisposable
{
    private readonly TempFolder _root = new();
    private readonly Sysfs _sysfs;

    public SysfsTests()
    {
        _sysfs = new Sysfs(_root.Path);
        Directory.CreateDirectory(_root.Combine("sys/a/b"));
        File.WriteAllText(_root.Combine("sys/a/text"), "480\n");
        File.CreateSymbolicLink(_root.Combine("sys/link"), "a/b");
        File.CreateSymbolicLink(_root.Combine("sys/out"), "../../../../../etc");
    }

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Text_comes_without_its_line_end() => Assert.Equal("480", _sysfs.ReadText("/sys/a/text"));

    [Theory]
    [InlineData("/sys/a/absent")]
    [InlineData("/sys/absent/text")]
    [InlineData("/sys/a/text/below")]
    public void What_is_not_there_is_absent(string path) => Assert.Null(_sysfs.ReadText(path));

    [Fact]
    public void A_long_file_is_read_up_to_the_bound()
    {
        File.WriteAllText(_root.Combine("sys/long"), new string('x', 100_000));
        Assert.Equal(Sysfs.MaxAttribute, _sysfs.ReadText("/sys/long")!.Length);
    }

    [Fact]
    public void Bytes_that_are_no_text_do_not_matter()
    {
        File.WriteAllBytes(_root.Combine("sys/wild"), [0xff, 0xfe, 0x00, 0x80]);
        Assert.NotNull(_sysfs.ReadText("/sys/wild"));
    }

    [Fact]
    public void A_link_is_resolved_as_seen_from_the_root() => Assert.Equal("/sys/a/b", _sysfs.Resolve("/sys/link"));

    [Fact]
    public void A_link_that_leaves_the_root_leads_nowhere() => Assert.Null(_sysfs.Resolve("/sys/out"));

    [Fact]
    public void A_path_that_is_no_link_resolves_to_itself() => Assert.Equal("/sys/a", _sysfs.Resolve("/sys/a"));

    [Fact]
    public void The_last_part_of_a_link_is_its_name() => Assert.Equal(("b", null), (_sysfs.LinkName("/sys/link"), _sysfs.LinkName("/sys/a")));

    [Fact]
    public void An_absent_directory_has_no_entries() => Assert.Empty(_sysfs.Entries("/sys/absent"));

    [Fact]
    public void The_machines_own_files_are_below_the_default_root() => Assert.NotNull(new Sysfs().ReadText("/sys/kernel/uevent_seqnum"));

    [Fact]
    public void A_relative_root_is_refused() => Assert.Throws<ArgumentException>(() => new Sysfs("sys"));

    [Fact]
    public void Text_is_printable_and_bounded()
    {
        Assert.Equal("a?[31m?b", Text.Printable("a\u001b[31m\u202eb"));
        Assert.Equal(255, Text.Printable(new string('x', 1000)).Length);
        Assert.Null(Text.PrintableOrNull(" \n"));
    }
}
