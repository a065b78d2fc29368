using System.Net;
using System.Net.Sockets;
using UsbIpCluster.Linux.Tests.Fakes;

namespace UsbIpCluster.Linux.Tests.Machine;

public sealed class PortListenerTests : IDisposable
{
    private const string Header =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    private readonly FakeSysfs _fake = new();

    public void Dispose() => _fake.Dispose();

    [Fact]
    public void A_listener_of_either_family_is_found_with_its_process()
    {
        _fake.Write("/proc/self/net/tcp", Header + Line("00000000:0CA8", "0A", 0, 77));
        _fake.Write("/proc/self/net/tcp6", Header + Line("00000000000000000000000000000000:0CA8", "0A", 1000, 78));
        AddProcess(4711, "/usr/sbin/usbipd\0-D\0", 77);
        Assert.Equal(
            [new PortListener(0, 77, new RunningProcess(4711, "/usr/sbin/usbipd -D")), new PortListener(1000, 78, null)],
            PortListener.On(new Sysfs(_fake.Root), 3240).ToArray());
    }

    [Theory]
    [InlineData("00000000:0CA9", "0A")]
    [InlineData("00000000:0CA8", "01")]
    [InlineData("00000000:0CA8", "06")]
    public void Another_port_and_a_connection_are_no_listener(string local, string state)
    {
        _fake.Write("/proc/self/net/tcp", Header + Line(local, state, 0, 77));
        Assert.Empty(PortListener.On(new Sysfs(_fake.Root), 3240));
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("0: 00000000:0CA8 00000000:0000 0A 0 0 0")]
    [InlineData("0: 00000000 00000000:0000 0A 0:0 0:0 0 0 0 77")]
    [InlineData("0: 00000000:ZZZZ 00000000:0000 0A 0:0 0:0 0 0 0 77")]
    [InlineData("0: 00000000:10CA8 00000000:0000 0A 0:0 0:0 0 0 0 77")]
    [InlineData("0: 00000000:0CA8 00000000:0000 0A 0:0 0:0 0 -1 0 77")]
    [InlineData("0: 00000000:0CA8 00000000:0000 0A 0:0 0:0 0 0 0 99999999999999999999")]
    public void What_is_no_such_line_is_passed_over(string line) => Assert.Null(PortListener.Parse(line, 3240));

    [Fact]
    public void Without_the_files_nobody_is_found() => Assert.Empty(PortListener.On(new Sysfs(_fake.Root), 3240));

    [Fact]
    public void A_command_line_is_shortened_and_made_printable()
    {
        _fake.Write("/proc/self/net/tcp", Header + Line("00000000:0CA8", "0A", 0, 77));
        AddProcess(5, "evil\e[2J\0" + new string('x', 200), 77);
        var command = Assert.Single(PortListener.On(new Sysfs(_fake.Root), 3240)).Process!.Command;
        Assert.StartsWith("evil?[2J xxx", command);
        Assert.InRange(command.Length, 1, 90);
    }

    [Fact]
    public void A_process_without_a_command_line_has_its_name()
    {
        _fake.Write("/proc/self/net/tcp", Header + Line("00000000:0CA8", "0A", 0, 77));
        AddProcess(5, "", 77);
        _fake.Write("/proc/5/comm", "usbipd\n");
        Assert.Equal("usbipd", Assert.Single(PortListener.On(new Sysfs(_fake.Root), 3240)).Process!.Command);
    }

    [Fact]
    public void On_this_machine_this_process_is_found()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        var found = Assert.Single(PortListener.On(new Sysfs(), ((IPEndPoint)socket.LocalEndPoint!).Port));
        Assert.Equal(Environment.ProcessId, found.Process!.Id);
    }

    private static string Line(string local, string state, int user, int inode) =>
        $"   0: {local} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 {user,5}        0 {inode} 1 0000000000000000 100 0 0 10 0\n";

    private void AddProcess(int id, string commandLine, int inode)
    {
        _fake.Write($"/proc/{id}/cmdline", commandLine);
        _fake.CreateDirectory($"/proc/{id}/fd");
        File.CreateSymbolicLink(_fake.Below($"/proc/{id}/fd/3"), $"socket:[{inode}]");
        File.CreateSymbolicLink(_fake.Below($"/proc/{id}/fd/4"), "/dev/null");
    }
}
