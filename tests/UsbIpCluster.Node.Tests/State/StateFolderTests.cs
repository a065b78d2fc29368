using System.Text;

namespace UsbIpCluster.Node.Tests;

public sealed class StateFolderTests
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _path = TempState.NewPath();

    [Fact]
    public void The_folder_and_its_files_are_the_daemons_alone()
    {
        var folder = StateFolder.Open(_path).Folder("devices");
        folder.Write("1-1.json", "text"u8);
        Assert.Equal(Owner | UnixFileMode.UserExecute, new DirectoryInfo(_path).UnixFileMode);
        Assert.Equal(Owner | UnixFileMode.UserExecute, new DirectoryInfo(Path.Combine(_path, "devices")).UnixFileMode);
        Assert.Equal(Owner, new FileInfo(folder.PathOf("1-1.json")).UnixFileMode);
    }

    [Fact]
    public void A_file_is_replaced_as_a_whole_and_nothing_else_is_left()
    {
        var folder = StateFolder.Open(_path);
        folder.Write("file", "something long"u8);
        folder.Write("file", "short"u8);
        Assert.Equal("short", Encoding.UTF8.GetString(folder.Read("file")!));
        Assert.Equal(["file"], Directory.GetFileSystemEntries(_path).Select(Path.GetFileName));
    }

    [Fact]
    public void What_a_crash_left_unfinished_is_neither_read_nor_in_the_way()
    {
        var folder = StateFolder.Open(_path);
        folder.Write("file", "old"u8);
        File.WriteAllText(folder.PathOf("file.new"), "half of something that was lon");
        Assert.Equal("old", Encoding.UTF8.GetString(folder.Read("file")!));
        folder.Write("file", "new"u8);
        Assert.Equal("new", Encoding.UTF8.GetString(folder.Read("file")!));
        Assert.False(File.Exists(folder.PathOf("file.new")));
    }

    [Fact]
    public void What_can_not_be_written_leaves_what_was_there()
    {
        var folder = StateFolder.Open(_path);
        folder.Write("file", "old"u8);
        Directory.CreateDirectory(folder.PathOf("file.new"));
        Assert.ThrowsAny<Exception>(() => folder.Write("file", "new"u8));
        Assert.Equal("old", Encoding.UTF8.GetString(folder.Read("file")!));
    }

    [Fact]
    public void A_folder_below_a_file_can_not_be_opened()
    {
        File.WriteAllText(_path, "");
        Assert.ThrowsAny<IOException>(() => StateFolder.Open(Path.Combine(_path, "state")));
    }
}
