using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace.Tests;

internal static class EndToEnd
{
    /// <summary>Connects, has the exporter serve the device, reads OP_REP_IMPORT, and hands the socket to the controller.</summary>
    public static async Task<PortNumber> AttachAsync(IDeviceExporter exporter, BusId busId, IHostController controller)
    {
        var (importer, connection) = Loopback.Connect();
        await exporter.ServeAsync(busId, connection, CancellationToken.None);
        var reply = new byte[ImportReply.MaxSize];
        for (var at = 0; at < reply.Length;)
            at += importer.Receive(reply.AsSpan(at));
        var record = ImportReply.Read(reply).Value.Device!;
        return await controller.AttachAsync(importer, record, new PortOrigin("127.0.0.1", "3240", busId), CancellationToken.None);
    }
}
