using System.Net;
using System.Net.Sockets;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node.Tests;

/// <summary>These take as long as the time-out of an import, which bounds system calls and so is real time.</summary>
public sealed class SilentExporterTests : AttachedPortSpec
{
    [Fact]
    public async Task An_exporter_that_says_nothing_is_given_up_for_the_next_endpoint()
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        silent.Listen();
        await StartLeasedAsync();
        await GrantAsync(new NetworkAddress("127.0.0.1", ((IPEndPoint)silent.LocalEndPoint!).Port), Server.Address);
        var connection = await Server.AcceptAsync();
        connection.Refuse(Protocol.OpStatus.DevBusy);
        Assert.Equal(DeviceError.Busy, await ExpectErrorAsync());
    }
}
