using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using UsbIpCluster.Control.Display;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Control.Tests;

public sealed class ClientTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("usbipc-");

    private string SocketPath => Path.Combine(_folder.FullName, "control.sock");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Nobody_at_the_path_is_no_daemon()
    {
        var error = await Assert.ThrowsAsync<ControlException>(() => ControlClient.ConnectAsync(SocketPath, default));
        Assert.Equal((ControlError.NoDaemon, "is usbipcd running? systemctl start usbipcd"), (error.Error, error.Hint));
    }

    [Fact]
    public async Task A_socket_that_nobody_listens_on_is_no_daemon()
    {
        using var bound = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        bound.Bind(new UnixDomainSocketEndPoint(SocketPath));
        var error = await Assert.ThrowsAsync<ControlException>(() => ControlClient.ConnectAsync(SocketPath, default));
        Assert.Equal(ControlError.NoDaemon, error.Error);
    }

    [Fact]
    public async Task A_path_that_is_too_long_is_a_usage_error()
    {
        var error = await Assert.ThrowsAsync<ControlException>(() => ControlClient.ConnectAsync("/tmp/" + new string('x', 200), default));
        Assert.Equal(ControlError.Usage, error.Error);
    }

    [Fact]
    public async Task No_permission_on_the_socket_is_unavailable_and_names_the_group_to_join()
    {
        await using var daemon = new TestDaemon();
        File.SetUnixFileMode(daemon.Path, UnixFileMode.None);
        var error = await Assert.ThrowsAsync<ControlException>(() => ConnectAsNobody(daemon.Path));
        Assert.Equal(ControlError.Unavailable, error.Error);
        Assert.Contains("usermod -aG usbip", error.Hint);
    }

    [Fact]
    public async Task What_the_handler_throws_arrives_whole()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Attach = (_, _) => throw new ControlException(ControlError.Usage, "ambiguous", "name one", ["lab1/1-1", "lab2/1-1"]);
        await using var client = await daemon.ConnectAsync();
        var error = await Assert.ThrowsAsync<ControlException>(() => client.AttachAsync(new AttachParams("0525:a4a5"), default));
        Assert.Equal((ControlError.Usage, "ambiguous", "name one"), (error.Error, error.Message, error.Hint));
        Assert.Equal(["lab1/1-1", "lab2/1-1"], error.Candidates);
    }

    [Theory]
    [InlineData(ControlError.Failed)]
    [InlineData(ControlError.Usage)]
    [InlineData(ControlError.NotFound)]
    [InlineData(ControlError.Unavailable)]
    [InlineData(ControlError.NoDaemon)]
    [InlineData(ControlError.TimedOut)]
    public async Task Every_error_keeps_its_kind(ControlError kind)
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.Port = (_, _) => throw new ControlException(kind, "x");
        await using var client = await daemon.ConnectAsync();
        Assert.Equal(kind, (await Assert.ThrowsAsync<ControlException>(() => client.PortAsync(new PortParams(), default))).Error);
    }

    [Fact]
    public async Task Params_arrive_as_they_were_sent()
    {
        await using var daemon = new TestDaemon();
        var seen = new List<object>();
        daemon.Handler.List = (request, _) => Remember<DeviceRow>(request);
        daemon.Handler.Bind = (request, _) => Remember<DeviceRow>(request);
        daemon.Handler.Unbind = (request, _) => Remember<DeviceRow>(request);
        daemon.Handler.Drain = (request, _) => Remember<DeviceRow>(request);
        daemon.Handler.Attach = (request, _) => Remember<PortRow>(request);
        daemon.Handler.Detach = (request, _) => Remember<PortRow>(request);
        await using var client = await daemon.ConnectAsync();
        var list = new ListParams("serial=é\"\n", Local: true);
        var bind = new BindParams("1-1", "disk");
        var unbind = new UnbindParams("0525:a4a5", All: true);
        var drain = new DrainParams(WaitSeconds: 3600);
        var undrain = new DrainParams(Off: true);
        var attach = new AttachParams(null, "host:3241", "1-1.2", Once: true, WaitSeconds: 2.5);
        var steal = new AttachParams("1-1", Steal: true);
        var detach = new DetachParams(All: true);
        await client.ListAsync(list, default);
        await client.BindAsync(bind, default);
        await client.UnbindAsync(unbind, default);
        await client.DrainAsync(drain, default);
        await client.DrainAsync(undrain, default);
        await client.AttachAsync(attach, default);
        await client.AttachAsync(steal, default);
        await client.DetachAsync(detach, default);
        Assert.Equal([list, bind, unbind, drain, undrain, attach, steal, detach], seen);

        Task<IReadOnlyList<T>> Remember<T>(object request)
        {
            seen.Add(request);
            return ScriptedHandler.Rows<T>();
        }
    }

    [Fact]
    public async Task Rules_arrive_as_they_were_sent_and_in_their_order()
    {
        await using var daemon = new TestDaemon();
        BindParams? seen = null;
        daemon.Handler.Bind = (request, _) =>
        {
            seen = request;
            return ScriptedHandler.Rows<DeviceRow>();
        };
        await using var client = await daemon.ConnectAsync();
        await client.BindAsync(new BindParams("hid", All: true, Allow: ["node=lab2,user=älice", "10.0.0.0/8"], Deny: ["::1"]), default);
        Assert.Equal(("hid", null, true), (seen!.Selector, seen.Name, seen.All));
        Assert.Equal(["node=lab2,user=älice", "10.0.0.0/8"], seen.Allow);
        Assert.Equal(["::1"], seen.Deny);
    }

    [Fact]
    public async Task Rows_arrive_as_they_were_given()
    {
        await using var daemon = new TestDaemon();
        var device = new DeviceRow("lab1", "1-1", "0525", "a4a5", null, "Nétchip", "Gadget \u001b[31m", "mass-storage", "high", "kernel", "in-use", "lab2/a1", null, true, 7, "alice");
        var node = new NodeRow("lab1", "10.0.0.1:7240", "up", true, true, 1, 2, "0.1.0", DateTimeOffset.UnixEpoch);
        var port = new PortRow(3, "a1", "attached", "0525:a4a5", "0525", "a4a5", null, null, "lab1", "1-1", "10.0.0.1:3240", "3-1", DateTimeOffset.UnixEpoch.AddTicks(1), 4, null);
        daemon.Handler.List = (_, _) => ScriptedHandler.Rows(device);
        daemon.Handler.Nodes = (_, _) => ScriptedHandler.Rows(node);
        daemon.Handler.Port = (_, _) => ScriptedHandler.Rows(port);
        await using var client = await daemon.ConnectAsync();
        Assert.Equal([device], await client.ListAsync(new ListParams(), default));
        Assert.Equal([node], await client.NodesAsync(new NodesParams(), default));
        Assert.Equal([port], await client.PortAsync(new PortParams(), default));
    }

    [Fact]
    public async Task A_call_after_a_cancelled_one_gets_its_own_answer()
    {
        await using var daemon = new TestDaemon();
        var begun = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        daemon.Handler.Nodes = async (_, _) =>
        {
            begun.SetResult();
            await go.Task;
            return [];
        };
        await using var client = await daemon.ConnectAsync();
        using var giveUp = new CancellationTokenSource();
        var call = client.NodesAsync(new NodesParams(), giveUp.Token);
        await begun.Task.WaitAsync(Eventually.Deadline);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        go.SetResult();
        Assert.Equal("1.2.3", (await client.VersionAsync(new VersionParams(), default)).Version);
    }

    [Fact]
    public async Task Calls_at_the_same_time_take_turns()
    {
        await using var daemon = new TestDaemon();
        await using var client = await daemon.ConnectAsync();
        var versions = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.VersionAsync(new VersionParams(), default)));
        Assert.All(versions, version => Assert.Equal("1.2.3", version.Version));
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":\"x\n")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}\n")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[{\"node\":1}]}\n")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":7}\n")]
    [InlineData("[]\n")]
    [InlineData("")]
    public async Task A_foreign_answer_is_a_failure_with_a_hint(string answer)
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        listener.Listen();
        await using var client = await ControlClient.ConnectAsync(SocketPath, default);
        using (var foreign = await listener.AcceptAsync())
        {
            var call = client.ListAsync(new ListParams(), default);
            await foreign.ReceiveAsync(new byte[1000]);
            foreign.Send(Encoding.UTF8.GetBytes(answer));
            foreign.Shutdown(SocketShutdown.Both);
            var error = await Assert.ThrowsAsync<ControlException>(() => call);
            Assert.Equal(ControlError.Failed, error.Error);
            Assert.NotNull(error.Hint);
        }
    }

    [Fact]
    public async Task A_daemon_that_knows_no_tables_is_older_than_its_caller()
    {
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        listener.Listen();
        await using var client = await ControlClient.ConnectAsync(SocketPath, default);
        using var older = await listener.AcceptAsync();
        var call = client.TableAsync(new NodesParams(), new TableForm(), default);
        await older.ReceiveAsync(new byte[1000]);
        const string answer =
            """{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"nodes: params do not fit","data":{"hint":"nodes takes no params"}}}""";
        older.Send(Encoding.UTF8.GetBytes(answer + "\n"));
        var error = await Assert.ThrowsAsync<ControlException>(() => call);
        Assert.Equal(ControlError.Failed, error.Error);
        Assert.Contains("older", error.Hint, StringComparison.Ordinal);
    }

    /// <summary>Connects without root's rights over files: the identity that the kernel checks them by is the thread's (setfsuid(2)).</summary>
    private static Task<ControlClient> ConnectAsNobody(string path)
    {
        const int nobody = 65534;
        var before = SetFileSystemUser(nobody);
        try
        {
            return ControlClient.ConnectAsync(path, default);
        }
        finally
        {
            _ = SetFileSystemUser(before);
        }
    }

    [DllImport("libc", EntryPoint = "setfsuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetFileSystemUser(int user);
}
