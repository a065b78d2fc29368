using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace.Tests;

/// <summary>What the whole process holds; these run alone.</summary>
[CollectionDefinition(nameof(ResourceTests), DisableParallelization = true)]
[Collection(nameof(ResourceTests))]
public sealed class ResourceTests
{
    private static readonly BusId Serial = BusId.Parse("sim-0");

    [Fact]
    public async Task Two_hundred_attachments_leave_no_socket_behind()
    {
        await using var exporter = new SimulatedExporter([new SimulatedSerial("S")]);
        await using var controller = new SimulatedHostController();
        var changes = new Recorder<PortChange>();
        using var subscription = controller.Subscribe(changes.Add);
        await exporter.BindAsync(Serial, default);
        await CycleAsync(exporter, controller, changes, cycles: 5);
        var before = Sockets();
        await CycleAsync(exporter, controller, changes, cycles: 200);

        Assert.Empty(Sockets().Except(before));
    }

    [Fact]
    public async Task An_answered_urb_allocates_nothing()
    {
        await using var exporter = new SimulatedExporter([new SimulatedSerial("S")]);
        await exporter.BindAsync(Serial, default);
        using var importer = await RawImporter.ImportAsync(exporter, Serial);
        var requests = Enumerable.Range(0, 100).SelectMany(_ => Round(importer)).ToArray();
        var replies = new byte[100 * ((4 * UrbHeader.Size) + DeviceDescriptor.Size + 512)];
        Exchange(importer, requests, replies, times: 20);

        // Each time 20,000 URBs. Other threads of the test run may allocate as well, but hardly every time.
        var allocated = Enumerable.Range(0, 10).Min(_ =>
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            Exchange(importer, requests, replies, times: 50);
            return GC.GetTotalAllocatedBytes(precise: true) - before;
        });

        // One object for every tenth URB would be more than this.
        Assert.InRange(allocated, 0, 20_000 / 10 * 24);
    }

    [Fact]
    public async Task The_replies_to_a_peer_that_never_reads_do_not_pile_up()
    {
        var device = new ValveDevice();
        await using var exporter = new SimulatedExporter([device]);
        await exporter.BindAsync(Serial, default);
        using var importer = await RawImporter.ImportAsync(exporter, Serial);
        device.Open();
        importer.Socket.SendTimeout = 200;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        importer.SendUntilStuck(importer.NewSubmit(UrbDirection.In, ValveDevice.Endpoint, 100_000));

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 4 * 1024 * 1024);
    }

    [Fact]
    public async Task Pending_transfers_that_are_ready_all_at_once_wait_for_a_slow_peer_and_do_not_pile_up()
    {
        var device = new ValveDevice();
        await using var exporter = new SimulatedExporter([device]);
        await exporter.BindAsync(Serial, default);
        using var importer = await RawImporter.ImportAsync(exporter, Serial);
        var urbs = Enumerable.Range(0, 1000).Select(_ => importer.Submit(UrbDirection.In, ValveDevice.Endpoint, 100_000)).ToArray();
        importer.AssertAlive();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        device.Open();
        Assert.True(importer.Socket.Poll(TimeSpan.FromSeconds(10), SelectMode.SelectRead));
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 4 * 1024 * 1024);

        foreach (var urb in urbs)
        {
            var (reply, _) = importer.ReceiveIn();
            Assert.Equal((urb, 100_000), (reply.SequenceNumber, reply.ActualLength));
        }

        importer.AssertAlive();
    }

    /// <summary>One control transfer, a pending IN that is taken back, and a loop through the device: four replies.</summary>
    private static byte[] Round(RawImporter importer)
    {
        var pending = importer.NewSubmit(UrbDirection.In, 2, 512);
        var write = importer.NewSubmit(UrbDirection.Out, 2, 512);
        var unlinked = importer.NewSubmit(UrbDirection.In, 1, 16);
        var unlink = new byte[UrbHeader.Size];
        new CmdUnlink(unlinked.SequenceNumber + 1_000_000, importer.DeviceId, unlinked.SequenceNumber).Write(unlink);
        return
        [
            .. RawImporter.Encode(importer.NewGetDeviceDescriptor(), []),
            .. RawImporter.Encode(pending, []),
            .. RawImporter.Encode(write, new byte[512]),
            .. RawImporter.Encode(unlinked, []),
            .. unlink,
        ];
    }

    private static void Exchange(RawImporter importer, byte[] requests, byte[] replies, int times)
    {
        for (var time = 0; time < times; time++)
        {
            importer.Socket.Send(requests);
            for (var at = 0; at < replies.Length;)
                at += importer.Socket.Receive(replies.AsSpan(at));
        }
    }

    private static async Task CycleAsync(
        SimulatedExporter exporter, SimulatedHostController controller, Recorder<PortChange> changes, int cycles)
    {
        for (var cycle = 0; cycle < cycles; cycle++)
        {
            var seen = changes.Items.Count;
            var port = await EndToEnd.AttachAsync(exporter, Serial, controller);
            await changes.CountAsync(seen + 2);
            Assert.NotNull(controller.Find(port));
            // Each way to end a session in turn.
            switch (cycle % 3)
            {
                case 0:
                    await controller.DetachAsync(port, default);
                    break;
                case 1:
                    exporter.CutSession(Serial);
                    break;
                default:
                    controller.CutSession(port);
                    break;
            }

            await changes.CountAsync(seen + 3);
            await exporter.ReleaseAsync(Serial, default);
        }
    }

    private static string[] Sockets() =>
    [
        .. Directory.GetFileSystemEntries("/proc/self/fd")
            .Select(each => new FileInfo(each).LinkTarget)
            .OfType<string>()
            .Where(each => each.StartsWith("socket:", StringComparison.Ordinal)),
    ];
}
