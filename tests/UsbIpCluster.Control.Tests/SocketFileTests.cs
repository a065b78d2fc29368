using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Control.Tests;

public sealed class SocketFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("usbipc-");

    private string SocketPath => Path.Combine(_folder.FullName, "control.sock");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_socket_is_open_to_owner_and_group_only()
    {
        await using var server = Start();
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, File.GetUnixFileMode(SocketPath));
    }

    [Fact]
    public async Task Its_folder_is_created()
    {
        var path = Path.Combine(_folder.FullName, "a", "b", "control.sock");
        await using var server = ControlServer.Start(new ControlServerOptions { Path = path }, new ScriptedHandler());
        Assert.True(Path.Exists(path));
    }

    [Fact]
    public async Task The_file_goes_when_the_server_stops()
    {
        await Start().DisposeAsync();
        Assert.False(Path.Exists(SocketPath));
    }

    [Fact]
    public async Task A_dead_daemons_socket_is_replaced()
    {
        // A socket's file outlives the process that bound it, unless it is removed, as the runtime does: by the name that it was bound to.
        var bound = SocketPath + ".bound";
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(bound));
            File.Move(bound, SocketPath);
        }

        Assert.True(Path.Exists(SocketPath));
        await using var server = Start();
        await using var client = await ControlClient.ConnectAsync(SocketPath, default);
        Assert.Equal("lab1", (await client.VersionAsync(new VersionParams(), default)).Node);
    }

    [Fact]
    public async Task A_second_daemon_is_told_that_another_runs_and_the_first_goes_on()
    {
        await using var first = Start();
        var error = Assert.Throws<ControlException>(Start);
        Assert.StartsWith("another daemon is running", error.Message);
        await using var client = await ControlClient.ConnectAsync(SocketPath, default);
        Assert.Equal("lab1", (await client.VersionAsync(new VersionParams(), default)).Node);
    }

    [Fact]
    public void A_socket_on_which_anything_listens_is_left_alone()
    {
        using var foreign = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        foreign.Bind(new UnixDomainSocketEndPoint(SocketPath));
        foreign.Listen();
        var error = Assert.Throws<ControlException>(Start);
        Assert.StartsWith("another daemon is running", error.Message);
        Assert.True(Path.Exists(SocketPath));
    }

    [Fact]
    public void A_file_that_is_no_socket_is_left_alone()
    {
        File.WriteAllText(SocketPath, "mine");
        var error = Assert.Throws<ControlException>(Start);
        Assert.EndsWith("exists and is not a socket", error.Message);
        Assert.Equal("mine", File.ReadAllText(SocketPath));
    }

    [Fact]
    public void A_path_that_is_too_long_is_a_usage_error()
    {
        var error = Assert.Throws<ControlException>(
            () => ControlServer.Start(new ControlServerOptions { Path = "/tmp/" + new string('x', 200) }, new ScriptedHandler()));
        Assert.Equal(ControlError.Usage, error.Error);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_a_failure_with_a_hint()
    {
        var error = Assert.Throws<ControlException>(
            () => ControlServer.Start(new ControlServerOptions { Path = "/proc/nowhere/control.sock" }, new ScriptedHandler()));
        Assert.Equal(ControlError.Failed, error.Error);
        Assert.NotNull(error.Hint);
    }

    [Fact]
    public async Task The_socket_is_given_to_its_group()
    {
        // Only root may give a file to a group that it is not in.
        if (Environment.UserName != "root")
            return;
        await using var server = ControlServer.Start(new ControlServerOptions { Path = SocketPath, Group = "daemon" }, new ScriptedHandler());
        using var stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%G", SocketPath]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        Assert.Equal("daemon", (await stat.StandardOutput.ReadToEndAsync()).Trim());
    }

    [Fact]
    public async Task A_group_that_it_can_not_be_given_to_is_reported_and_it_is_served_all_the_same()
    {
        File.SetUnixFileMode(_folder.FullName, (UnixFileMode)0b111_111_111);
        var reports = new List<string>();
        await using var server = StartAsNobody("daemon", reports);
        Assert.StartsWith($"{SocketPath} can't be given to the group daemon: ", Assert.Single(reports));
        await using var client = await ControlClient.ConnectAsync(SocketPath, default);
        Assert.Equal("lab1", (await client.VersionAsync(new VersionParams(), default)).Node);
    }

    [Fact]
    public async Task That_there_is_no_such_group_is_nothing_to_report()
    {
        var reports = new List<string>();
        await using var server = Start("no-such-group", reports);
        Assert.Empty(reports);
    }

    [DllImport("libc", EntryPoint = "setfsuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetFileSystemUser(int user);

    /// <summary>Starts without root's rights over files, which the kernel gives to threads (setfsuid(2)): nobody is in no other group.</summary>
    private ControlServer StartAsNobody(string group, List<string> reports)
    {
        const int nobody = 65534;
        var before = SetFileSystemUser(nobody);
        try
        {
            return Start(group, reports);
        }
        finally
        {
            _ = SetFileSystemUser(before);
        }
    }

    private ControlServer Start(string group, List<string> reports) => ControlServer.Start(
        new ControlServerOptions { Path = SocketPath, Group = group, Report = (line, _) => reports.Add(line) }, new ScriptedHandler());

    private ControlServer Start() => ControlServer.Start(new ControlServerOptions { Path = SocketPath }, new ScriptedHandler());
}
