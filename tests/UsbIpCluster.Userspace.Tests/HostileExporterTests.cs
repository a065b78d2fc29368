using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace.Tests;

/// <summary>What the other end may do to the simulated host controller: have its port freed, with a reason in the log.</summary>
public sealed class HostileExporterTests : IAsyncLifetime
{
    private static readonly PortNumber Port0 = new(0);

    private readonly ManualTime _time = new();
    private readonly Recorder<string> _log = new();
    private readonly Recorder<PortChange> _changes = new();
    private readonly SimulatedHostController _controller;
    private readonly Socket _exporter;
    private readonly Socket _importer;

    public HostileExporterTests()
    {
        _controller = new SimulatedHostController(1, _time, _log.Add);
        _controller.Subscribe(_changes.Add);
        (_importer, _exporter) = Loopback.Connect();
        _exporter.ReceiveTimeout = 10_000;
    }

    public async Task InitializeAsync()
    {
        var record = new UsbDeviceRecord(
            "/x", BusId.Parse("1-1"), new DeviceId(1, 2), UsbSpeed.High, 1, 2, 3, default, 1, 1, 1);
        await _controller.AttachAsync(_importer, record, new PortOrigin("127.0.0.1", "3240", record.BusId), default);
    }

    public async Task DisposeAsync()
    {
        await _controller.DisposeAsync();
        _exporter.Dispose();
    }

    [Fact]
    public async Task A_device_that_does_not_answer_is_given_up_at_the_limit()
    {
        ReceiveRequest();
        _time.Advance(SimulatedHostController.EnumerationLimit - TimeSpan.FromMilliseconds(1));
        Assert.Equal(PortStatus.Enumerating, Assert.Single(_controller.ReadPorts()).Status);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        await FreedAsync("it was not enumerated within 5 s");
    }

    [Fact]
    public async Task Garbage_frees_the_port()
    {
        var garbage = new byte[1000];
        Array.Fill(garbage, (byte)0xa5);
        _exporter.Send(garbage);

        await FreedAsync("0xa5a5a5a5 is no URB command");
    }

    [Fact]
    public async Task A_message_of_importers_frees_the_port()
    {
        _exporter.Send(RawImporter.Encode(default, []));

        await FreedAsync("CmdSubmit, which only importers send");
    }

    [Fact]
    public async Task A_reply_to_nothing_frees_the_port()
    {
        ReceiveRequest();
        Return(new RetSubmit(777, 0, 0, 0, 0, 0), []);

        await FreedAsync("a reply to URB 777, which is not pending");
    }

    [Fact]
    public async Task A_second_reply_frees_the_port()
    {
        var reply = new RetSubmit(ReceiveRequest().SequenceNumber, -32, 0, 0, 0, 0);
        Return(reply, []);
        Return(reply, []);

        await FreedAsync("which is not pending", "refused its Device descriptor");
    }

    [Fact]
    public async Task An_unlink_reply_to_nothing_frees_the_port()
    {
        var message = new byte[UrbHeader.Size];
        new RetUnlink(5, 0).Write(message);
        _exporter.Send(message);

        await FreedAsync("a reply to unlink 5, which is not pending");
    }

    [Fact]
    public async Task More_data_than_asked_for_frees_the_port()
    {
        var request = ReceiveRequest();
        Return(new RetSubmit(request.SequenceNumber, 0, 19, 0, 0, 0), new byte[19]);

        await FreedAsync("returns 19 bytes for a buffer of 18");
    }

    [Fact]
    public async Task A_refused_descriptor_frees_the_port()
    {
        Return(new RetSubmit(ReceiveRequest().SequenceNumber, -32, 0, 0, 0, 0), []);

        await FreedAsync("the device refused its Device descriptor (status -32)");
    }

    [Fact]
    public async Task A_short_descriptor_frees_the_port()
    {
        Return(new RetSubmit(ReceiveRequest().SequenceNumber, 0, 8, 0, 0, 0), [18, 1, 0, 2, 0, 0, 0, 64]);

        await FreedAsync("the device's device descriptor is malformed: 10 bytes are missing");
    }

    [Fact]
    public async Task A_configuration_without_end_frees_the_port()
    {
        var device = new byte[DeviceDescriptor.Size];
        new DeviceDescriptor(0x200, default, 64, 1, 2, 3, 0, 0, 0, 1).Write(device);
        Answer(device);
        byte[] configuration = [9, 2, 13, 0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0];
        Answer(configuration[..9]);
        Answer(configuration);

        await FreedAsync("the device's configuration is malformed");
    }

    [Fact]
    public async Task A_close_in_the_middle_of_a_reply_frees_the_port()
    {
        var message = new byte[UrbHeader.Size + 5];
        new RetSubmit(ReceiveRequest().SequenceNumber, 0, 18, 0, 0, 0).Write(message);
        _exporter.Send(message);
        _exporter.Shutdown(SocketShutdown.Send);

        await FreedAsync("the exporter closed the connection");
    }

    private CmdSubmit ReceiveRequest()
    {
        var message = new byte[UrbHeader.Size];
        for (var at = 0; at < message.Length;)
            at += _exporter.Receive(message.AsSpan(at));
        return CmdSubmit.Read(message).Value;
    }

    private void Answer(byte[] data) => Return(new RetSubmit(ReceiveRequest().SequenceNumber, 0, data.Length, 0, 0, 0), data);

    private void Return(RetSubmit reply, byte[] data)
    {
        var message = new byte[UrbHeader.Size + data.Length];
        reply.Write(message);
        data.CopyTo(message, UrbHeader.Size);
        _exporter.Send(message);
    }

    private async Task FreedAsync(params string[] reasons)
    {
        await _changes.FirstAsync(each => each.Port == new HostPort(Port0, PortStatus.Free, null, null, null));
        var line = await _log.FirstAsync(each => each.StartsWith("port 00: free", StringComparison.Ordinal));
        Assert.Contains(reasons, reason => line.Contains(reason, StringComparison.Ordinal));
    }
}
