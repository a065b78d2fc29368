using System.Buffers.Binary;
using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace.Tests;

/// <summary>What a peer may do to us: lose its own session, with a reason in the log, and nothing else.</summary>
public sealed class HostilePeerTests : IAsyncLifetime
{
    private static readonly BusId Victim = BusId.Parse("sim-0");
    private static readonly BusId Other = BusId.Parse("sim-1");

    private readonly Recorder<string> _log = new();
    private readonly Recorder<DeviceChange> _changes = new();
    private readonly SimulatedExporter _exporter;

    public HostilePeerTests() => _exporter = new SimulatedExporter(
        [new SimulatedSerial("S0"), new SimulatedSerial("S1")],
        log: _log.Add,
        options: new UrbServerOptions { MaxTransferLength = 100_000, StallLimit = TimeSpan.FromMilliseconds(300) });

    public async Task InitializeAsync()
    {
        await _exporter.BindAsync(Victim, default);
        await _exporter.BindAsync(Other, default);
        _exporter.Subscribe(_changes.Add);
    }

    public async Task DisposeAsync() => await _exporter.DisposeAsync();

    public static TheoryData<string, int, uint> BrokenFields => new()
    {
        // What the log says; the field's offset; its value.
        { "0x00000000 is no URB command", 0, 0 },
        { "0x80030111 is no URB command", 0, 0x80030111 },
        { "only exporters send", 0, 3 },
        { "only exporters send", 0, 4 },
        { "a URB for device", 8, 0xffffffff },
        { "direction is 2", 12, 2 },
        { "endpoint is 16", 16, 16 },
        { "endpoint is 4294967295", 16, 0xffffffff },
        { "transfer_buffer_length is -1", 24, 0xffffffff },
        { "transfer_buffer_length is 2147483647", 24, 0x7fffffff },
        { "a transfer of 100001 bytes; at most 100000", 24, 100_001 },
        { "-2 isochronous packets", 32, 0xfffffffe },
        { "2147483647 isochronous packets", 32, 0x7fffffff },
        { "1025 isochronous packets", 32, 1025 },
    };

    [Theory]
    [MemberData(nameof(BrokenFields))]
    public async Task A_broken_header_ends_its_session_with_a_reason(string reason, int offset, uint value)
    {
        using var bystander = await RawImporter.ImportAsync(_exporter, Other);
        using var importer = await RawImporter.ImportAsync(_exporter, Victim);
        var message = RawImporter.Encode(importer.NewSubmit(UrbDirection.In, 2, 512), []);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(offset), value);
        importer.Socket.Send(message);

        Assert.Equal(0, importer.DrainToEnd());
        Assert.Contains(reason, await EndAsync(Victim), StringComparison.Ordinal);
        bystander.AssertAlive();
        await AssertUsableAsync(Victim);
    }

    [Fact]
    public async Task A_packet_outside_its_buffer_ends_the_session()
    {
        using var importer = await RawImporter.ImportAsync(_exporter, Victim);
        var command = importer.NewSubmit(UrbDirection.In, 2, 100, packets: 1);
        var packet = new byte[IsoPacketDescriptor.Size];
        new IsoPacketDescriptor(1, 100, 0, 0).Write(packet);
        importer.Socket.Send(RawImporter.Encode(command, packet));

        importer.DrainToEnd();
        Assert.Contains("bytes 1 to 101 of a buffer of 100", await EndAsync(Victim), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_number_that_is_pending_already_ends_the_session()
    {
        using var importer = await RawImporter.ImportAsync(_exporter, Victim);
        var message = RawImporter.Encode(importer.NewSubmit(UrbDirection.In, 2, 100), []);
        importer.Socket.Send([.. message, .. message]);

        importer.DrainToEnd();
        Assert.Contains("URB 1 a second time", await EndAsync(Victim), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_sent_before_the_broken_message_is_answered()
    {
        using var importer = await RawImporter.ImportAsync(_exporter, Victim);
        importer.Socket.Send([.. RawImporter.Encode(importer.NewGetDeviceDescriptor(), []), .. new byte[UrbHeader.Size]]);

        Assert.Equal(UrbHeader.Size + DeviceDescriptor.Size, importer.DrainToEnd());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(47)]
    [InlineData(48)]
    [InlineData(48 + 99)]
    public async Task A_message_cut_short_ends_with_the_connection(int length)
    {
        using var importer = await RawImporter.ImportAsync(_exporter, Victim);
        var message = RawImporter.Encode(importer.NewSubmit(UrbDirection.Out, 2, 100), new byte[100]);
        importer.Socket.Send(message.AsSpan(0, length));
        importer.Socket.Shutdown(SocketShutdown.Send);

        Assert.Equal(0, importer.DrainToEnd());
        Assert.Contains("the importer closed the connection", await EndAsync(Victim), StringComparison.Ordinal);
        await AssertUsableAsync(Victim);
    }

    [Fact]
    public async Task A_reset_ends_the_session()
    {
        using (var importer = await RawImporter.ImportAsync(_exporter, Victim))
            importer.Socket.LingerState = new LingerOption(true, 0);

        Assert.Contains("the connection was lost", await EndAsync(Victim), StringComparison.Ordinal);
        await AssertUsableAsync(Victim);
    }

    [Fact]
    public async Task A_reset_in_the_middle_of_a_reply_ends_the_session()
    {
        using (var importer = await RawImporter.ImportAsync(_exporter, Victim))
        {
            importer.Write(2, new byte[100_000]);
            for (var urb = 0; urb < 100; urb++)
                importer.Submit(UrbDirection.In, 2, 1000);
            importer.Receive(100);
            importer.Socket.LingerState = new LingerOption(true, 0);
        }

        Assert.Contains("the connection was lost", await EndAsync(Victim), StringComparison.Ordinal);
        await AssertUsableAsync(Victim);
    }

    [Fact]
    public async Task A_peer_that_never_reads_is_dropped()
    {
        using var bystander = await RawImporter.ImportAsync(_exporter, Other);
        using var importer = await RawImporter.ImportAsync(_exporter, Victim);
        var sent = importer.SendUntilStuck(importer.NewGetDeviceDescriptor());

        // No more than what the two sockets and one buffer hold.
        Assert.InRange(sent, 1, 64 * 1024 * 1024);
        Assert.Contains("the importer has read nothing for 0.3 s", await EndAsync(Victim), StringComparison.Ordinal);
        bystander.AssertAlive();
        await AssertUsableAsync(Victim);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_session_that_waits_for_its_peer_to_read_can_be_ended(bool cut)
    {
        await using var patient = new SimulatedExporter([new SimulatedSerial("S")]);
        await patient.BindAsync(Victim, default);
        using var importer = await RawImporter.ImportAsync(patient, Victim);
        importer.Socket.SendTimeout = 200;
        importer.SendUntilStuck(importer.NewGetDeviceDescriptor());

        if (cut)
            patient.CutSession(Victim);
        await patient.ReleaseAsync(Victim, default);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Random_streams_end_only_their_own_sessions(int seed)
    {
        var random = new Random(seed);
        using var bystander = await RawImporter.ImportAsync(_exporter, Other);
        for (var session = 0; session < 50; session++)
        {
            using (var importer = await RawImporter.ImportAsync(_exporter, Victim))
            {
                importer.Socket.Send(RandomStream(random, importer));
                importer.Socket.Shutdown(SocketShutdown.Send);
                importer.DrainToEnd();
            }

            bystander.AssertAlive();
            // The next import waits for the end of the last session as an importer would: by asking for it.
            await _exporter.ReleaseAsync(Victim, default);
        }

        await AssertUsableAsync(Victim);
        Assert.DoesNotContain(_log.Items, line => line.Contains("the device failed", StringComparison.Ordinal));
    }

    /// <summary>Valid URBs of all kinds, of which one in some is broken in one byte, and an end anywhere.</summary>
    private static byte[] RandomStream(Random random, RawImporter importer)
    {
        var stream = new List<byte>();
        for (var messages = random.Next(1, 60); messages > 0; messages--)
        {
            var message = RandomMessage(random, importer);
            if (random.Next(20) == 0)
                message[random.Next(message.Length)] = (byte)random.Next(256);
            stream.AddRange(message);
        }

        return [.. stream.Take(random.Next(4) == 0 ? random.Next(stream.Count) + 1 : stream.Count)];
    }

    private static byte[] RandomMessage(Random random, RawImporter importer)
    {
        switch (random.Next(5))
        {
            case 0:
                var unlink = new byte[UrbHeader.Size];
                new CmdUnlink((uint)random.Next(1_000_000, 2_000_000), importer.DeviceId, (uint)random.Next(100)).Write(unlink);
                return unlink;
            case 1:
                var bytes = new byte[SetupPacket.Size];
                random.NextBytes(bytes);
                bytes[7] = 0;
                var setup = SetupPacket.Read(bytes);
                var control = importer.NewSubmit(setup.IsIn ? UrbDirection.In : UrbDirection.Out, 0, setup.Length, setup);
                return RawImporter.Encode(control, new byte[control.PayloadSize]);
            case 2:
                var iso = importer.NewSubmit((UrbDirection)random.Next(2), (byte)random.Next(16), random.Next(200), packets: random.Next(4));
                return RawImporter.Encode(iso, new byte[iso.PayloadSize]);
            default:
                var bulk = importer.NewSubmit((UrbDirection)random.Next(2), (byte)random.Next(1, 4), random.Next(3000));
                return RawImporter.Encode(bulk, new byte[bulk.PayloadSize]);
        }
    }

    private Task<string> EndAsync(BusId busId) => _log.FirstAsync(
        line => line.StartsWith($"{busId}: ", StringComparison.Ordinal) && line.Contains(" ended: ", StringComparison.Ordinal));

    private async Task AssertUsableAsync(BusId busId)
    {
        await _exporter.ReleaseAsync(busId, default);
        using var importer = await RawImporter.ImportAsync(_exporter, busId);
        importer.AssertAlive();
    }
}
