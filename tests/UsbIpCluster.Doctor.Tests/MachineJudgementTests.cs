using System.Collections.Immutable;
using System.Net;
using UsbIpCluster.Control;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Doctor.Tests;

/// <summary>Each check from what was seen to what is said.</summary>
public sealed class MachineJudgementTests
{
    private static readonly ProcessRights Root = new(0, 0x3fffffffff);

    [Theory]
    [InlineData(0, 120, "ok")]
    [InlineData(119, 120, "ok")]
    [InlineData(120, 120, "warning")]
    [InlineData(0, 0, "warning")]
    public void Ports_are_a_warning_when_none_is_left(int used, int ports, string result)
    {
        var row = KernelChecks.Ports("lab1", new HubUse(IsSuperSpeed: false, 8, ports, used));
        Assert.Equal((result, "high-speed"), (Samples.ResultOf(row), row.Target));
        Assert.StartsWith($"{used} of {ports} ports for devices up to high speed are used (8 controllers)", row.What);
    }

    [Theory]
    [InlineData(true, null, "ok")]
    [InlineData(true, "no netlink", "warning")]
    [InlineData(false, "no netlink", "ok")]
    public void Uevents_that_do_not_arrive_are_a_warning_where_they_are_needed(bool needed, string? wrong, string result) =>
        Assert.Equal(result, Samples.ResultOf(KernelChecks.Uevents("lab1", needed, wrong)));

    [Theory]
    [InlineData(ClockState.Synchronized, "ok")]
    [InlineData(ClockState.Unsynchronized, "warning")]
    [InlineData(ClockState.Unknown, "warning")]
    public void A_clock_that_nobody_keeps_is_a_warning(ClockState state, string result) =>
        Assert.Equal(result, Samples.ResultOf(KernelChecks.Clock("lab1", state)));

    [Fact]
    public void A_daemon_has_to_be_allowed_to_write_the_kernels_files_where_a_role_is_the_kernels()
    {
        var user = new ProcessRights(1000, 0);
        Assert.Equal("ok", Process(true, Root));
        Assert.Equal("ok", Process(true, user with { Capabilities = 2 }));
        Assert.Equal("error", Process(true, user));
        Assert.Equal("ok", Process(false, user));
        Assert.Equal("warning", Process(true, null));
        Assert.Equal("error", Process(true, Root, "/sys/x: Read-only file system"));

        static string Process(bool needed, ProcessRights? rights, string? readOnly = null) =>
            Samples.ResultOf(RightsChecks.Process("lab1", needed, isDaemon: true, rights, readOnly));
    }

    [Fact]
    public void A_command_without_root_says_that_it_sees_less()
    {
        Assert.Equal("ok", Samples.ResultOf(RightsChecks.Process("lab1", true, isDaemon: false, Root, null)));
        var row = RightsChecks.Process("lab1", true, isDaemon: false, new ProcessRights(1000, 0), null);
        Assert.Equal(("warning", "sudo usbipc doctor sees more"), (Samples.ResultOf(row), row.Hint));
    }

    [Fact]
    public void A_group_that_is_missing_or_not_the_sockets_is_a_warning()
    {
        var socket = new FileStatus(FileType.Socket, 0, 107, (UnixFileMode)0x1B0);
        Assert.Equal("warning", Group(null, null).Result);
        Assert.Contains("groupadd --system usbip", Group(null, socket).Hint);
        Assert.Equal("warning", Group(new UserGroup(108, ["bob"]), socket).Result);
        Assert.Equal("ok", Group(new UserGroup(107, ["bob"]), null).Result);
        Assert.Equal("in the group usbip: alice, bob", Group(new UserGroup(107, ["alice", "bob"]), socket).What);
        Assert.StartsWith("nobody is in the group usbip", Group(new UserGroup(107, []), socket).What);

        static DoctorRow Group(UserGroup? group, FileStatus? socket)
        {
            var row = RightsChecks.Group("lab1", "usbip", group, socket);
            Samples.ResultOf(row);
            return row;
        }
    }

    [Fact]
    public void A_free_port_and_the_daemons_own_are_well()
    {
        Assert.Equal("ok", Listener([], null).Result);
        Assert.Equal("ok", Listener([Owned(7, "usbipcd")], 7).Result);
        Assert.Equal("ok", Listener([new PortListener(0, 1, null)], 7).Result);
    }

    [Theory]
    [InlineData("/usr/sbin/usbipd -D", "systemctl disable --now usbipd")]
    [InlineData("nc -l 3240", "kill 4711")]
    [InlineData("/usr/bin/usbipcd", "systemctl status usbipcd")]
    public void Whoever_has_the_port_where_no_daemon_answers_is_an_error_with_its_name(string command, string hint)
    {
        var row = Listener([Owned(4711, command)], null);
        Assert.Equal("error", row.Result);
        Assert.Contains($"process 4711 ({command})", row.What);
        Assert.Contains(hint, row.Hint);
    }

    [Fact]
    public void One_that_can_not_be_named_is_told_by_its_user_and_root_is_asked_for()
    {
        var row = Listener([new PortListener(33, 1, null)], null);
        Assert.Equal(("error", true), (row.Result, row.What.Contains("user 33 (sudo usbipc doctor names it)")));
    }

    [Fact]
    public void A_stock_daemon_beside_ours_on_another_port_is_a_warning()
    {
        var settings = Samples.Settings with { ListenPort = 3241 };
        Assert.Equal("warning", Listener([Owned(4711, "usbipd")], 7, settings).Result);
        Assert.Equal("warning", Listener([new PortListener(0, 1, null)], 7, settings).Result);
        Assert.Equal("warning", Listener([Owned(4711, "usbipd")], null, settings).Result);
    }

    [Theory]
    [InlineData(0x1C0, "ok")]
    [InlineData(0x1ED, "error")]
    [InlineData(0x1C4, "error")]
    [InlineData(0x140, "warning")]
    public void A_state_folder_is_its_owners_alone(int mode, string result) =>
        Assert.Equal(result, Samples.ResultOf(StateChecks.Folder(Samples.Settings, new FileStatus(FileType.Folder, 0, 0, (UnixFileMode)mode), true, null)));

    [Fact]
    public void A_state_folder_that_is_gone_or_none_or_read_only_is_an_error_of_a_daemon()
    {
        var folder = new FileStatus(FileType.Folder, 0, 0, (UnixFileMode)0x1C0);
        Assert.Equal("error", Samples.ResultOf(StateChecks.Folder(Samples.Settings, null, true, null)));
        Assert.Equal("ok", Samples.ResultOf(StateChecks.Folder(Samples.Settings, null, false, null)));
        Assert.Equal("error", Samples.ResultOf(StateChecks.Folder(Samples.Settings, folder with { Type = FileType.Regular }, false, null)));
        Assert.Equal("error", Samples.ResultOf(StateChecks.Folder(Samples.Settings, folder, true, "Read-only file system")));
        Assert.Equal("ok", Samples.ResultOf(StateChecks.Folder(Samples.Settings, folder, false, "Permission denied")));
    }

    [Theory]
    [InlineData(0L, "error")]
    [InlineData(1L, "warning")]
    [InlineData((16L * 1024 * 1024) - 1, "warning")]
    [InlineData(16L * 1024 * 1024, "ok")]
    public void A_full_disk_is_an_error_and_a_nearly_full_one_a_warning(long free, string result) =>
        Assert.Equal(result, Samples.ResultOf(StateChecks.Space(Samples.Settings, free)));

    [Theory]
    [InlineData(false, null, "warning", "loopback")]
    [InlineData(false, "127.0.0.1", "warning", "loopback")]
    [InlineData(true, null, "warning", "can be a node")]
    [InlineData(true, "0.0.0.0", "warning", "can be a node")]
    public void Without_certificates_it_says_who_can_be_a_node(bool insecure, string? listen, string result, string says)
    {
        var settings = Samples.Settings with { Insecure = insecure, ClusterListen = listen is null ? null : new IPEndPoint(IPAddress.Parse(listen), 7240) };
        var row = Assert.Single(SettingsChecks.Judge(settings));
        Assert.Equal(result, Samples.ResultOf(row));
        Assert.Contains(says, row.What);
    }

    [Fact]
    public void With_certificates_only_plain_clients_from_everywhere_are_told_of()
    {
        var settings = Samples.Settings with { Tls = new("ca", "certificate", "key"), AdmitsEverybody = true };
        Assert.Equal(["ok", "warning"], SettingsChecks.Judge(settings).Select(Samples.ResultOf));
    }

    [Theory]
    [InlineData(ControlError.NoDaemon, true, "systemctl start usbipcd; journalctl -u usbipcd")]
    [InlineData(ControlError.NoDaemon, false, "install the package")]
    [InlineData(ControlError.TimedOut, true, "journalctl -u usbipcd")]
    [InlineData(ControlError.Unavailable, true, "join the group")]
    public void That_no_daemon_answers_is_an_error_by_itself(ControlError error, bool installed, string hint)
    {
        var row = DaemonChecks.Absent("lab1", new ControlException(error, "what", "join the group"), installed);
        Assert.Equal(("error", "daemon.answers", "what"), (Samples.ResultOf(row), row.Check, row.What));
        Assert.Contains(hint, row.Hint);
    }

    [Theory]
    [InlineData("1.0", "ok", "daemon.answers")]
    [InlineData("1.1", "warning", "daemon.version")]
    public void Command_and_daemon_of_two_versions_are_a_warning(string version, string result, string check)
    {
        var row = DaemonChecks.Answers(new VersionRow("1.0", "lab1", 7, ".NET", "1.1.1", Samples.Now), version);
        Assert.Equal((result, check), (Samples.ResultOf(row), row.Check));
    }

    private static PortListener Owned(int process, string command) => new(0, process, new RunningProcess(process, command));

    private static DoctorRow Listener(ImmutableArray<PortListener> listeners, int? daemon, CheckedSettings? settings = null)
    {
        var row = ListenerChecks.Judge(settings ?? Samples.Settings, listeners, daemon);
        Samples.ResultOf(row);
        return row;
    }
}
