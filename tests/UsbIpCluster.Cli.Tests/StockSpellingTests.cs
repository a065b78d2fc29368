using UsbIpCluster.Control;
using UsbIpCluster.Testing;
using static UsbIpCluster.Testing.ScriptedHandler;

namespace UsbIpCluster.Cli.Tests;

/// <summary>What users of <c>usbip</c> type, with its own options.</summary>
public sealed class StockSpellingTests
{
    [Theory]
    [InlineData("bind -b 1-1.2", false)]
    [InlineData("bind --busid=1-1.2", false)]
    [InlineData("bind --busid 1-1.2 --all", true)]
    public async Task A_device_is_bound_by_its_bus_id(string line, bool all)
    {
        await using var daemon = new TestDaemon();
        BindParams? asked = null;
        daemon.Handler.Bind = (request, _) =>
        {
            asked = request;
            return Rows(Samples.Disk);
        };
        Assert.Equal(0, (await CommandRun.OfAsync(daemon, line.Split(' '))).ExitCode);
        Assert.Equal(new BindParams("1-1.2", All: all), asked);
    }

    [Theory]
    [InlineData("unbind -b 1-1.2")]
    [InlineData("unbind --busid=1-1.2")]
    public async Task A_device_is_unbound_by_its_bus_id(string line)
    {
        await using var daemon = new TestDaemon();
        UnbindParams? asked = null;
        daemon.Handler.Unbind = (request, _) =>
        {
            asked = request;
            return Rows(Samples.Disk);
        };
        Assert.Equal(0, (await CommandRun.OfAsync(daemon, line.Split(' '))).ExitCode);
        Assert.Equal(new UnbindParams("1-1.2"), asked);
    }

    [Theory]
    [InlineData("attach --remote=host --busid=1-1", "1-1")]
    [InlineData("attach -b 1-1 -r host", "1-1")]
    [InlineData("attach -r host -d usbip-vudc.0", "usbip-vudc.0")]
    [InlineData("attach -r host --device=usbip-vudc.0", "usbip-vudc.0")]
    public async Task A_plain_servers_device_is_attached_by_its_bus_id(string line, string busId)
    {
        await using var daemon = new TestDaemon();
        AttachParams? asked = null;
        daemon.Handler.Attach = (request, _) =>
        {
            asked = request;
            return Rows(Samples.Attached);
        };
        Assert.Equal(0, (await CommandRun.OfAsync(daemon, line.Split(' '))).ExitCode);
        Assert.Equal(new AttachParams(RemoteHost: "host", RemoteBusId: busId), asked);
    }

    [Theory]
    [InlineData("detach -p 3", "3")]
    [InlineData("detach --port=03", "03")]
    [InlineData("detach --port 00", "00")]
    public async Task A_port_is_detached_by_its_number(string line, string target)
    {
        await using var daemon = new TestDaemon();
        DetachParams? asked = null;
        daemon.Handler.Detach = (request, _) =>
        {
            asked = request;
            return Rows(Samples.Attached);
        };
        Assert.Equal(0, (await CommandRun.OfAsync(daemon, line.Split(' '))).ExitCode);
        Assert.Equal(new DetachParams(target), asked);
    }

    [Theory]
    [InlineData("list -l -p")]
    [InlineData("list --parsable --local")]
    public async Task Local_devices_are_listed_in_usbips_lines(string line)
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (request, _) => request.Local ? Rows(Samples.Disk, Samples.Keyboard) : Rows<DeviceRow>();
        Assert.Equal(
            new CommandRun(0, "busid=1-1.2#usbid=0525:a4a5#\nbusid=2-1#usbid=046d:c31c#\n", ""), await CommandRun.OfAsync(daemon, line.Split(' ')));
    }

    [Fact]
    public async Task Without_devices_usbips_lines_are_none()
    {
        await using var daemon = new TestDaemon();
        Assert.Equal(new CommandRun(0, "", ""), await CommandRun.OfAsync(daemon, "list", "-l", "-p"));
    }

    [Theory]
    [InlineData("bind -b 0525:a4a5", "--busid takes a bus id such as 1-1.4, not '0525:a4a5'")]
    [InlineData("bind -b serial=X", "--busid takes a bus id such as 1-1.4, not 'serial=X'")]
    [InlineData("unbind -b lab2/1-1", "--busid takes a bus id such as 1-1.4, not 'lab2/1-1'")]
    [InlineData("bind 1-1 -b 1-1", "say which device: a selector, or --busid")]
    [InlineData("unbind 1-1 -b 1-1", "say which device: a selector, or --busid")]
    [InlineData("bind", "say which device: a selector, or --busid")]
    [InlineData("detach -p a1", "--port takes a port's number, not 'a1'")]
    [InlineData("detach -p 123456", "--port takes a port's number, not '123456'")]
    [InlineData("detach -p 3 a1", "say what to detach: a port, an attachment's id, a selector, or --all")]
    [InlineData("detach -p 3 --all", "say what to detach: a port, an attachment's id, a selector, or --all")]
    [InlineData("list -p", "--parsable goes with --local: its lines name no node; for scripts there is --json")]
    [InlineData("list -p -r host", "--parsable goes with --local: its lines name no node; for scripts there is --json")]
    [InlineData("attach -d usbip-vudc.0", "--remote and --busid go together")]
    public async Task What_would_mean_two_things_is_refused(string line, string message)
    {
        var run = await CommandRun.AloneAsync(line.Split(' '));
        Assert.Equal((2, $"usbipc: {message}"), (run.ExitCode, run.ErrorLines[0]));
    }
}
