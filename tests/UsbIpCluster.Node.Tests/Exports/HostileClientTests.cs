using System.Net.Sockets;
using UsbIpCluster.Linux;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>What slow, broken and hostile clients cost.</summary>
public sealed class HostileClientTests : UsbIpListenerSpec
{
    [Fact]
    public void Whoever_sends_garbage_is_closed()
    {
        byte[][] all = ["GET "u8.ToArray(), new byte[100], [0x01, 0x11, 0x00, 0x03, 0, 0, 0, 0], [0x01, 0x11, 0x80, 0x03, 0, 0, 0, 1]];
        foreach (var garbage in all)
        {
            var client = Connect();
            client.Send(garbage);
            AssertClosed(client);
        }

        Assert.Single(UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience)));
    }

    [Fact]
    public void A_lease_that_no_import_follows_is_closed()
    {
        var client = Connect();
        client.Send([.. new OpRequest.UseLease(LeaseId.New()).Encode(), .. new OpRequest.ListDevices().Encode()]);
        AssertClosed(client);
    }

    [Fact]
    public void A_request_that_is_not_complete_in_time_is_closed()
    {
        var silent = Connect();
        var half = Connect();
        half.Send(new OpRequest.Import(Keyboard).Encode().AsSpan(0, 20));
        var leased = Connect();
        leased.Send(new OpRequest.UseLease(LeaseId.New()).Encode());
        Assert.True(silent.Poll(TimeSpan.FromSeconds(3), SelectMode.SelectRead) is false, "closed before the deadline");
        AssertClosed(silent);
        AssertClosed(half);
        AssertClosed(leased);
        Assert.Single(UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience)));
    }

    [Fact]
    public void Bytes_behind_a_request_are_left_to_the_session()
    {
        var client = Connect();
        client.Send([.. new OpRequest.Import(Keyboard).Encode(), .. new byte[48]]);
        var reply = new byte[ImportReply.MaxSize];
        var length = 0;
        while (length < reply.Length && client.Receive(reply.AsSpan(length)) is > 0 and var received)
            length += received;
        Assert.True(ImportReply.Read(reply).Value.IsGranted);

        // The session reads them as a URB, which they are not.
        AssertClosed(client);
    }

    [Fact]
    public void One_address_has_sixteen_requests_at_most_and_another_one_its_own()
    {
        for (var number = 0; number < UsbIpListener.MaxConnectionsPerAddress; number++)
            Connect();
        AssertClosed(Connect());
        var other = Connect("127.0.0.2");
        other.Send(new OpRequest.ListDevices().Encode());
        Assert.True(other.Receive(new byte[1024]) > 0);
    }

    [Fact]
    public void All_addresses_together_have_sixty_four_requests_at_most()
    {
        for (var number = 0; number < UsbIpListener.MaxConnections; number++)
            Connect($"127.0.0.{1 + (number / UsbIpListener.MaxConnectionsPerAddress)}");
        AssertClosed(Connect("127.0.0.9"));
    }

    [Fact]
    public async Task A_request_that_is_over_leaves_its_place()
    {
        for (var number = 0; number < 3 * UsbIpListener.MaxConnectionsPerAddress; number++)
        {
            switch (number % 3)
            {
                case 0:
                    await SendAndCloseAsync([]);
                    break;
                case 1:
                    await SendAndCloseAsync(new OpRequest.ListDevices().Encode());
                    break;
                default:
                    await SendAndCloseAsync([1, 2, 3, 4, 5, 6, 7, 8]);
                    break;
            }
        }

        Assert.Single(UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience)));
    }

    [Fact]
    public async Task A_session_takes_no_place_of_a_request()
    {
        using var imported = Import(Keyboard);
        for (var number = 0; number < UsbIpListener.MaxConnectionsPerAddress - 1; number++)
            Connect();
        await SettleAsync(Listener);
        UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience));
    }
}
