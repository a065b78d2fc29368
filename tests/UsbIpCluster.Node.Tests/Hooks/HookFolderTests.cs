namespace UsbIpCluster.Node.Tests;

/// <summary>Which files are hooks.</summary>
public sealed class HookFolderTests : IDisposable
{
    private const UnixFileMode Executable = (UnixFileMode)0b111_101_101;

    private readonly string _folder = Directory.CreateTempSubdirectory("usbipcd-hooks-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_that_is_not_there_has_none()
    {
        var contents = HookFolder.Read(Path.Combine(_folder, "none"));
        Assert.Empty(contents.Programs);
        Assert.Empty(contents.Refused);
    }

    [Fact]
    public void Executable_files_are_hooks_in_the_order_of_their_names()
    {
        foreach (var name in (string[])["50-log", "10_first", "Z", "a"])
            Add(name, Executable);
        Directory.CreateDirectory(Path.Combine(_folder, "folder"));
        Add("README", (UnixFileMode)0b110_100_100);
        Add("log.example", (UnixFileMode)0b110_100_100);
        Assert.Equal(["10_first", "50-log", "Z", "a"], Names(HookFolder.Read(_folder)));
        Assert.Empty(HookFolder.Read(_folder).Refused);
    }

    [Theory]
    [InlineData("log~")]
    [InlineData("log.bak")]
    [InlineData("log.dpkg-old")]
    [InlineData("log.sh")]
    [InlineData(".log")]
    [InlineData("#log#")]
    public void What_run_parts_leaves_out_is_left_out_and_said(string name)
    {
        Add(name, Executable);
        Assert.Empty(HookFolder.Read(_folder).Programs);
        Assert.Equal(
            $"{Path.Combine(_folder, name)} is not run: a hook's name has only letters, digits, _ and -", Assert.Single(HookFolder.Read(_folder).Refused));
    }

    [Theory]
    [InlineData(0b111_111_101)]
    [InlineData(0b111_101_111)]
    public void What_others_can_write_is_refused(int mode)
    {
        Add("good", Executable);
        Add("bad", (UnixFileMode)mode);
        var contents = HookFolder.Read(_folder);
        Assert.Equal(["good"], Names(contents));
        Assert.StartsWith(Path.Combine(_folder, "bad") + " is not run: it has to be owned by root", Assert.Single(contents.Refused), StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_is_what_it_leads_to()
    {
        Add("10-good", Executable);
        File.CreateSymbolicLink(Path.Combine(_folder, "20-link"), Path.Combine(_folder, "10-good"));
        File.CreateSymbolicLink(Path.Combine(_folder, "30-nowhere"), Path.Combine(_folder, "nowhere"));
        Assert.Equal(["10-good", "20-link"], Names(HookFolder.Read(_folder)));
        File.SetUnixFileMode(Path.Combine(_folder, "10-good"), Executable | UnixFileMode.OtherWrite);
        Assert.Empty(HookFolder.Read(_folder).Programs);
    }

    [Fact]
    public void Nothing_is_run_from_a_folder_that_others_can_write()
    {
        Add("good", Executable);
        File.SetUnixFileMode(_folder, Executable | UnixFileMode.GroupWrite);
        var contents = HookFolder.Read(_folder);
        Assert.Empty(contents.Programs);
        Assert.StartsWith($"{_folder} is not run", Assert.Single(contents.Refused), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_run_from_a_folder_in_whose_place_others_can_put_another()
    {
        Add("good", Executable);
        var parent = Directory.CreateDirectory(Path.Combine(_folder, "parent")).FullName;
        var link = Path.Combine(parent, "link");
        Directory.CreateSymbolicLink(link, _folder);
        Assert.Equal((0, $"{link} is not run: it is a link"), (HookFolder.Read(link).Programs.Length, Assert.Single(HookFolder.Read(link).Refused)));
        Assert.Empty(HookFolder.Read(link + "/").Programs);

        var own = Directory.CreateDirectory(Path.Combine(parent, "own")).FullName;
        File.Copy(Path.Combine(_folder, "good"), Path.Combine(own, "good"));
        Assert.Equal(["good"], Names(HookFolder.Read(own)));
        File.SetUnixFileMode(parent, Executable | UnixFileMode.OtherWrite);
        Assert.Empty(HookFolder.Read(own).Programs);
        Assert.StartsWith($"{own} is not run: others may write {parent}", Assert.Single(HookFolder.Read(own).Refused), StringComparison.Ordinal);
        File.SetUnixFileMode(parent, Executable | UnixFileMode.OtherWrite | UnixFileMode.StickyBit);
        Assert.Equal(["good"], Names(HookFolder.Read(own)));
    }

    private void Add(string name, UnixFileMode mode)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, "#!/bin/sh\n");
        File.SetUnixFileMode(path, mode);
    }

    private static IEnumerable<string?> Names(HookFolder.Contents contents) => contents.Programs.Select(Path.GetFileName);
}
