using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

public sealed class VhciStatusTests
{
    private const string Header = "hub port sta spd dev      sockfd local_busid\n";
    private const string OldHeader = "prt sta spd dev      socket           local_busid\n";

    [Fact]
    public void Each_state_of_a_port_is_read()
    {
        var ports = VhciStatus.Parse(
            Header
            + "hs  0000 006 003 00110002 000003 1-1\n"
            + "hs  0002 005 000 00000000 000000 0-0\n"
            + "hs  0003 007 000 00000000 000000 0-0\n"
            + "ss  0015 004 000 00000000 000000 0-0\n",
            "status");
        Assert.Equal(
            [
                new VhciPort(new PortNumber(0), VhciHub.HighSpeed, VhciState.Used, new DeviceId(0x11, 2), BusId.Parse("1-1")),
                new VhciPort(new PortNumber(2), VhciHub.HighSpeed, VhciState.NotAssigned, null, null),
                new VhciPort(new PortNumber(3), VhciHub.HighSpeed, VhciState.Error, null, null),
                new VhciPort(new PortNumber(15), VhciHub.SuperSpeed, VhciState.Free, null, null),
            ],
            ports.ToArray());
    }

    [Fact]
    public void The_format_before_Linux_4_13_is_read()
    {
        var ports = VhciStatus.Parse(
            OldHeader
            + "000 006 003 00010002 ffff8800b8ad2b80 2-1\n"
            + "001 004 000 000 000 0000000000000000 0-0\n"
            + "002 004 000 00000000 0000000000000000 0-0\n",
            "status");
        Assert.Equal(
            [
                new VhciPort(new PortNumber(0), VhciHub.HighSpeed, VhciState.Used, new DeviceId(1, 2), BusId.Parse("2-1")),
                new VhciPort(new PortNumber(1), VhciHub.HighSpeed, VhciState.Free, null, null),
                new VhciPort(new PortNumber(2), VhciHub.HighSpeed, VhciState.Free, null, null),
            ],
            ports.ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("something else\n")]
    [InlineData("hub port sta\n")]
    public void An_unknown_header_is_an_error_that_quotes_it(string text) => Fails(text, text.Trim());

    [Theory]
    [InlineData("hs  0000 006 003 00110002 000003")]
    [InlineData("hs  0000 006 003 00110002 000003 1-1 more")]
    [InlineData("xs  0000 006 003 00110002 000003 1-1")]
    [InlineData("hs  000x 006 003 00110002 000003 1-1")]
    [InlineData("hs  -001 006 003 00110002 000003 1-1")]
    [InlineData("hs  99999999 004 000 00000000 000000 0-0")]
    [InlineData("hs  0000 008 003 00110002 000003 1-1")]
    [InlineData("hs  0000 006 003 0011000g 000003 1-1")]
    [InlineData("hs  0000 006 003 00110002 000003 ../1")]
    public void An_unknown_line_is_an_error_that_quotes_it(string line) => Fails(Header + line + "\n", line);

    [Fact]
    public void What_is_quoted_can_not_steer_a_terminal() => Fails(Header + "hs \u001b[2J\n", "hs ?[2J");

    [Fact]
    public void Random_changes_give_ports_or_a_named_error()
    {
        var random = new Random(11);
        var original = Header + "hs  0000 006 003 00110002 000003 1-1\nss  0015 004 000 00000000 000000 0-0\n";
        var accepted = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var text = original.ToCharArray();
            for (var change = random.Next(1, 4); change > 0; change--)
                text[random.Next(text.Length)] = (char)random.Next(128);
            try
            {
                accepted += VhciStatus.Parse(new string(text), "status").Length > 0 ? 1 : 0;
            }
            catch (DeviceException exception)
            {
                Assert.Equal(DeviceError.UnexpectedFormat, exception.Error);
            }
        }

        Assert.InRange(accepted, 100, 19_900);
    }

    private static void Fails(string text, string quoted)
    {
        var error = Assert.Throws<DeviceException>(() => VhciStatus.Parse(text, "/sys/x/status.1"));
        Assert.Equal(DeviceError.UnexpectedFormat, error.Error);
        Assert.Equal($"/sys/x/status.1 holds a line that is not understood: '{quoted}'", error.Message);
    }
}
