using UsbIpCluster.Linux.Tests.Fakes;

namespace UsbIpCluster.Linux.Tests;

/// <summary>What is read of a file before it is trusted.</summary>
public sealed class FileStatusTests
{
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    [Fact]
    public void A_file_has_a_type_an_owner_and_a_mode()
    {
        using var folder = new TempFolder();
        var path = folder.Combine("file");
        File.WriteAllText(path, "");
        File.SetUnixFileMode(path, OwnersAlone);
        Assert.Equal(new FileStatus(FileType.Regular, SystemCalls.EffectiveUser(), FileStatus.Of(folder.Path)!.Group, OwnersAlone), FileStatus.Of(path));
        Assert.Equal(FileType.Folder, FileStatus.Of(folder.Path)?.Type);
        Assert.Equal(FileType.Other, FileStatus.Of("/dev/null")?.Type);
        Assert.Null(FileStatus.Of(folder.Combine("nothing")));
    }

    [Fact]
    public void What_another_user_owns_or_others_can_write_is_not_ours()
    {
        Assert.True(new FileStatus(FileType.Regular, 0, 0, OwnersAlone).IsOurs);
        Assert.True(new FileStatus(FileType.Regular, SystemCalls.EffectiveUser(), 0, OwnersAlone).IsOurs);
        Assert.False(new FileStatus(FileType.Regular, 12_345, 0, OwnersAlone).IsOurs);
        Assert.False(new FileStatus(FileType.Regular, 0, 0, OwnersAlone | UnixFileMode.GroupWrite).IsOurs);
        Assert.False(new FileStatus(FileType.Regular, 0, 0, OwnersAlone | UnixFileMode.OtherWrite).IsOurs);
    }
}
