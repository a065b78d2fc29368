using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux.Tests.Fakes;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

public sealed class VhciHostControllerTests : IAsyncLifetime
{
    private const uint DevId = 0x00010005;
    private static readonly PortOrigin Origin = new("lab1", "3240", BusId.Parse("1-1"));

    private readonly FakeSysfs _sysfs = new();
    private readonly TempFolder _run = new();
    private readonly FakeUevents _uevents = new(TimeProvider.System);
    private readonly FakeVhci _kernel;
    private readonly VhciHostController _controller;

    public VhciHostControllerTests()
    {
        _kernel = new FakeVhci(_sysfs, _uevents);
        _controller = CreateController(TimeProvider.System);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _controller.DisposeAsync();
        _kernel.Dispose();
        _run.Dispose();
        _sysfs.Dispose();
    }

    [Fact]
    public async Task Attaching_is_one_write_of_port_descriptor_device_and_speed()
    {
        var (near, far) = Connections.Pair();
        using var _ = far;
        var descriptor = near.SafeHandle.DangerousGetHandle();
        Assert.Equal(new PortNumber(0), await AttachAsync(near, UsbSpeed.High));
        Assert.Equal([$"attach: 0 {descriptor} {DevId} 3"], _kernel.Writes);
    }

    [Fact]
    public async Task After_attaching_only_the_kernel_holds_the_connection()
    {
        var (near, far) = Connections.Pair();
        using var _ = far;
        near.SendTimeout = near.ReceiveTimeout = 3000;
        var port = await AttachAsync(near, UsbSpeed.High);
        Assert.Throws<ObjectDisposedException>(() => near.Available);
        far.Send("urb"u8);
        Assert.Equal("urb"u8, _kernel.SessionOf(port.Number).Receive(3));
        Assert.Equal(0, _kernel.SessionOf(port.Number).ReceiveTimeout);
    }

    [Theory]
    [InlineData(UsbSpeed.Low, 0, 1)]
    [InlineData(UsbSpeed.Full, 0, 2)]
    [InlineData(UsbSpeed.High, 0, 3)]
    [InlineData(UsbSpeed.Super, 2, 5)]
    [InlineData(UsbSpeed.SuperPlus, 2, 5)]
    public async Task The_speed_chooses_the_hub(UsbSpeed speed, int expectedPort, int expectedSpeed)
    {
        Assert.Equal(expectedPort, (await AttachAsync(speed)).Number);
        Assert.EndsWith($" {expectedSpeed}", _kernel.Writes[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_without_a_speed_is_refused_and_its_connection_closed()
    {
        var (near, far) = Connections.Pair();
        using var _ = far;
        await FailsAsync(DeviceError.Refused, () => AttachAsync(near, UsbSpeed.Unknown));
        Assert.Equal(0, far.Receive(new byte[1]));
    }

    [Fact]
    public async Task Where_it_comes_from_is_written_down_for_the_stock_tools()
    {
        await AttachAsync(UsbSpeed.High);
        Assert.Equal("lab1 3240 1-1\n", await File.ReadAllTextAsync(_run.Combine("vhci_hcd/port0")));
    }

    [Fact]
    public async Task Many_at_once_get_a_port_each()
    {
        var ports = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => AttachAsync(UsbSpeed.High)));
        Assert.Equal([0, 1, 4, 5], ports.Select(port => port.Number).Order());
        Assert.Equal(4, _kernel.Writes.Count);
    }

    [Fact]
    public async Task Devices_that_are_being_enumerated_are_spread_over_the_hubs()
    {
        var first = await AttachAsync(UsbSpeed.High);
        var second = await AttachAsync(UsbSpeed.High);
        Assert.Equal((0, 4), (first.Number, second.Number));
    }

    [Fact]
    public async Task A_hub_with_devices_that_are_ready_comes_before_one_that_enumerates()
    {
        using var told = Watch(out var changes);
        await AttachAsync(UsbSpeed.High);
        await AttachAsync(UsbSpeed.High);
        _kernel.Enumerate(4, DevId, FakeVhci.LocalBusIdOf(4));
        await changes.NextAsync(change => change.Port.Status == PortStatus.Ready);
        Assert.Equal(5, (await AttachAsync(UsbSpeed.High)).Number);
    }

    [Fact]
    public async Task Devices_that_are_ready_are_spread_over_the_hubs_too()
    {
        using var told = Watch(out var changes);
        var ports = new List<int>();
        for (var i = 0; i < 4; i++)
        {
            var port = (await AttachAsync(UsbSpeed.High)).Number;
            _kernel.Enumerate(port, DevId, FakeVhci.LocalBusIdOf(port));
            await changes.NextAsync(change => change.Port.Status == PortStatus.Ready);
            ports.Add(port);
        }

        Assert.Equal([0, 4, 1, 5], ports);
    }

    [Fact]
    public async Task A_port_that_another_process_takes_first_is_passed_over()
    {
        _kernel.OnWrite = text =>
        {
            _kernel.OnWrite = _ => { };
            _kernel.Take(0);
        };
        Assert.NotEqual(0, (await AttachAsync(UsbSpeed.High)).Number);
        Assert.Equal(2, _kernel.Writes.Count);
    }

    [Theory]
    [InlineData(UsbSpeed.High, new[] { 0, 1, 4, 5 }, "every port for high speed and below is in use (4)")]
    [InlineData(UsbSpeed.Low, new[] { 0, 1, 4, 5 }, "every port for high speed and below is in use (4)")]
    [InlineData(UsbSpeed.Super, new[] { 2, 3, 6, 7 }, "every port for SuperSpeed is in use (4)")]
    public async Task Without_a_free_port_it_says_for_which_speed_and_closes_the_connection(UsbSpeed speed, int[] ports, string message)
    {
        foreach (var port in ports)
            _kernel.Take(port);
        var (near, far) = Connections.Pair();
        using var _ = far;
        var error = await FailsAsync(DeviceError.NoFreePort, () => AttachAsync(near, speed));
        Assert.Equal((message, "detach something; 'usbipc port' shows what is attached"), (error.Message, error.Hint));
        Assert.Equal(0, far.Receive(new byte[1]));
    }

    [Fact]
    public async Task A_full_hub_does_not_matter_to_the_other_speed()
    {
        foreach (var port in (int[])[0, 1, 4, 5])
            _kernel.Take(port);
        Assert.Equal(2, (await AttachAsync(UsbSpeed.Super)).Number);
    }

    [Fact]
    public async Task Both_controllers_are_used_to_the_last_port_and_one_that_is_freed_again()
    {
        var ports = new List<int>();
        for (var i = 0; i < 4; i++)
            ports.Add((await AttachAsync(UsbSpeed.High)).Number);
        Assert.Equal([0, 4, 1, 5], ports);
        await FailsAsync(DeviceError.NoFreePort, () => AttachAsync(UsbSpeed.High));
        _kernel.Free(4);
        Assert.Equal(4, (await AttachAsync(UsbSpeed.High)).Number);
    }

    [Fact]
    public async Task A_port_that_was_freed_a_moment_ago_is_told_as_free_before_it_is_used_again()
    {
        await using var controller = CreateController(new ManualClock());
        foreach (var port in (int[])[1, 4])
            _kernel.Take(port);
        var (first, firstEnd) = Connections.Pair();
        var (second, secondEnd) = Connections.Pair();
        using var _ = firstEnd;
        using var __ = secondEnd;
        Assert.Equal(0, (await AttachAsync(controller, first, UsbSpeed.High)).Number);
        var told = new List<PortStatus>();
        using var subscription = controller.Subscribe(change =>
        {
            // In the middle of a reading, which took the other one for used.
            if (change.Port.Port.Number == 5)
                _kernel.Free(0);
            if (change.Port.Port.Number == 0)
                told.Add(change.Port.Status);
        });
        _kernel.Take(5);
        Assert.Equal(0, (await AttachAsync(controller, second, UsbSpeed.High)).Number);
        Assert.Equal([PortStatus.Enumerating, PortStatus.Free, PortStatus.Enumerating], told);
    }

    [Theory]
    [InlineData(0, UsbSpeed.High, 1)]
    [InlineData(2, UsbSpeed.High, 0)]
    [InlineData(2, UsbSpeed.Super, 3)]
    [InlineData(0, UsbSpeed.Super, 2)]
    public async Task A_free_port_whose_old_device_is_still_there_is_passed_over(int leaving, UsbSpeed speed, int expected)
    {
        Leave(leaving);
        Assert.Equal(expected, (await AttachAsync(speed)).Number);
    }

    [Fact]
    public async Task When_every_free_port_has_its_old_device_it_waits_for_one_and_stops_nobody_else()
    {
        _kernel.Take(0);
        Leave(1);
        Leave(4);
        var last = Leave(5);
        var attach = AttachAsync(UsbSpeed.High);
        await Task.WhenAny(attach, Task.Delay(TimeSpan.FromMilliseconds(200)));
        Assert.False(attach.IsCompleted);
        Assert.Single(_controller.ReadPorts());
        _sysfs.Unplug(last);
        Assert.Equal(5, (await attach).Number);
    }

    [Fact]
    public async Task A_kernel_that_does_not_let_go_of_the_old_devices_is_an_error_that_says_so()
    {
        foreach (var port in (int[])[0, 1, 4, 5])
            Leave(port);
        var clock = new ManualClock();
        await using var controller = CreateController(clock);
        var (near, far) = Connections.Pair();
        using var _ = far;
        var attach = AttachAsync(controller, near, UsbSpeed.High);
        await Eventually.TrueAsync(() =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(20));
            return attach.IsCompleted;
        });
        var error = await FailsAsync(DeviceError.NoFreePort, () => attach);
        Assert.Contains("still has the device of a session that has ended", error.Message, StringComparison.Ordinal);
        Assert.True(clock.GetTimestamp() >= TimeSpan.FromSeconds(3).Ticks);
        Assert.Equal(0, far.Receive(new byte[1]));
    }

    [Fact]
    public async Task Waiting_for_an_old_device_to_go_can_be_cancelled()
    {
        foreach (var port in (int[])[0, 1, 4, 5])
            Leave(port);
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        var (near, far) = Connections.Pair();
        using var _ = far;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => AttachAsync(_controller, near, UsbSpeed.High, cancellation.Token));
        Assert.Equal(0, far.Receive(new byte[1]));
        Assert.Empty(_kernel.Writes);
    }

    [Fact]
    public async Task A_socket_that_the_kernel_refuses_is_named()
    {
        using var datagram = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var error = await FailsAsync(DeviceError.Refused, () => AttachAsync(datagram, UsbSpeed.High));
        Assert.Contains("errno 22", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_module_it_names_the_module()
    {
        _sysfs.DeleteDirectory(FakeSysfs.Vhci);
        var error = await FailsAsync(DeviceError.ModuleMissing, () => AttachAsync(UsbSpeed.High));
        Assert.Equal("modprobe vhci-hcd", error.Hint);
        Assert.Equal(DeviceError.ModuleMissing, Assert.Throws<DeviceException>(() => _controller.ReadPorts()).Error);
    }

    [Fact]
    public async Task Ports_are_read_with_their_device_and_origin()
    {
        await AttachAsync(UsbSpeed.High);
        _kernel.Enumerate(0, DevId, "9-1");
        _kernel.Take(5);
        Assert.Equal(
            [
                new HostPort(new PortNumber(0), PortStatus.Ready, DeviceId.FromValue(DevId), BusId.Parse("9-1"), Origin),
                new HostPort(new PortNumber(5), PortStatus.Enumerating, null, null, null),
            ],
            _controller.ReadPorts().ToArray());
    }

    [Fact]
    public void A_count_of_ports_that_does_not_fit_is_an_error()
    {
        _sysfs.Write($"{FakeSysfs.Vhci}/nports", "240\n");
        var error = Assert.Throws<DeviceException>(() => _controller.ReadPorts());
        Assert.Equal(DeviceError.UnexpectedFormat, error.Error);
        Assert.Contains("240", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_status_that_is_not_understood_is_quoted()
    {
        _sysfs.Write($"{FakeSysfs.Vhci}/status.1", "hub port sta spd dev sockfd local_busid\nwhat is this\n");
        Assert.Contains("what is this", Assert.Throws<DeviceException>(() => _controller.ReadPorts()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Detaching_completes_when_the_port_is_free_and_forgets_the_record()
    {
        await AttachAsync(UsbSpeed.High);
        _kernel.Enumerate(0, DevId, "9-1");
        await _controller.DetachAsync(new PortNumber(0), CancellationToken.None);
        Assert.Equal(("detach: 0", 0, false), (_kernel.Writes[^1], _controller.ReadPorts().Length, File.Exists(_run.Combine("vhci_hcd/port0"))));
    }

    [Fact]
    public async Task Detaching_waits_for_the_kernel()
    {
        await AttachAsync(UsbSpeed.High);
        var device = _kernel.Enumerate(0, DevId, "9-1");
        _kernel.DetachesAtOnce = false;
        var detach = _controller.DetachAsync(new PortNumber(0), CancellationToken.None);
        await Eventually.TrueAsync(() => _kernel.Writes[^1] == "detach: 0");
        Assert.False(detach.IsCompleted);
        _kernel.Lose(0, device);
        await detach;
    }

    [Fact]
    public async Task Detaching_gives_an_enumeration_its_time()
    {
        await AttachAsync(UsbSpeed.High);
        var device = _kernel.Address(0, DevId, "9-1");
        var readyAtDetach = false;
        _kernel.OnWrite = _ => readyAtDetach = _sysfs.Exists($"{FakeSysfs.Devices}/9-1/ep_00");
        var detach = _controller.DetachAsync(new PortNumber(0), CancellationToken.None);
        _kernel.Configure(device);
        await detach;
        Assert.True(readyAtDetach);
    }

    [Fact]
    public async Task A_free_port_can_not_be_detached() =>
        await FailsAsync(DeviceError.NoSuchPort, () => _controller.DetachAsync(new PortNumber(3), CancellationToken.None));

    [Fact]
    public async Task A_port_that_does_not_exist_can_not_be_detached() =>
        await FailsAsync(DeviceError.NoSuchPort, () => _controller.DetachAsync(new PortNumber(3000), CancellationToken.None));

    private IDisposable Watch(out Recorder<PortChange> changes)
    {
        changes = new Recorder<PortChange>();
        return _controller.Subscribe(changes.Observe);
    }

    private async Task<PortNumber> AttachAsync(UsbSpeed speed)
    {
        var (near, far) = Connections.Pair();
        using (far)
            return await AttachAsync(near, speed);
    }

    private Task<PortNumber> AttachAsync(Socket connection, UsbSpeed speed) => AttachAsync(_controller, connection, speed);

    private static Task<PortNumber> AttachAsync(
        VhciHostController controller, Socket connection, UsbSpeed speed, CancellationToken cancellationToken = default) =>
        controller.AttachAsync(
            connection,
            new UsbDeviceRecord("", Origin.BusId, DeviceId.FromValue(DevId), speed, 1, 2, 3, default, 1, 1, 1),
            Origin,
            cancellationToken);

    private VhciHostController CreateController(TimeProvider clock)
    {
        var files = new Sysfs(_sysfs.Root, _kernel);
        return new VhciHostController(
            files, new KernelModules(files, modprobe: null), _uevents, clock, _ => { }, _run.Combine("vhci_hcd"));
    }

    /// <summary>The port is free, and its old device still there.</summary>
    private FakeDevice Leave(int port)
    {
        var device = _kernel.Enumerate(port, DevId, FakeVhci.LocalBusIdOf(port));
        _kernel.Free(port);
        return device;
    }

    private static async Task<DeviceException> FailsAsync(DeviceError expected, Func<Task> work)
    {
        var error = await Assert.ThrowsAsync<DeviceException>(work);
        Assert.Equal(expected, error.Error);
        return error;
    }
}
