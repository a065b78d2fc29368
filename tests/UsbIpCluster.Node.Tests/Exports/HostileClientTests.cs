using System.Net.Sockets;
using Akka.Actor;
using UsbIpCluster.Linux;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

/// <summary>What slow, broken and hostile clients cost.</summary>
public sealed class HostileClientTests : UsbIpListenerSpec
{
    private static readonly ListenerLimits Limits = ListenerLimits.Default;

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
    public async Task A_client_that_drips_does_not_stretch_the_deadline()
    {
        await StartAgainAsync(limits: ListenerLimits.Default with { RequestTimeout = TimeSpan.FromSeconds(1) });
        var client = Connect();
        var sent = 0;
        foreach (var value in new OpRequest.Import(Keyboard).Encode())
        {
            if (client.Poll(TimeSpan.FromMilliseconds(50), SelectMode.SelectRead))
                break;
            client.Send([value]);
            sent++;
        }

        AssertClosed(client);
        Assert.InRange(sent, 1, 39);
    }

    [Fact]
    public void The_oldest_of_one_address_that_say_nothing_gives_way_to_who_says_what_he_wants()
    {
        // Not the address of other tests: one that tries a port which was free a moment ago may find this one there, and would be counted.
        const string address = "127.0.0.8";
        var silent = Enumerable.Range(0, Limits.PerAddress).Select(_ => Connect(address)).ToArray();
        var other = Connect(address);
        other.Send(new OpRequest.ListDevices().Encode());
        Assert.NotEmpty(ReadToEnd(other));
        AssertClosed(silent[0]);
        Assert.All(silent.Skip(1), AssertOpen);
    }

    [Fact]
    public void A_full_port_serves_another_address()
    {
        var silent = Enumerable.Range(0, Limits.Connections).Select(number => Connect($"127.0.0.{1 + (number / Limits.PerAddress)}")).ToArray();
        var other = Connect("127.0.0.9");
        other.Send(new OpRequest.ListDevices().Encode());
        Assert.NotEmpty(ReadToEnd(other));
        AssertClosed(silent[0]);
        Assert.All(silent.Skip(1), AssertOpen);
    }

    [Fact]
    public async Task A_request_that_is_being_answered_is_not_closed_for_others()
    {
        var device = CreateTestProbe();
        await StartAgainAsync(exports: device.Ref);
        var importers = new List<(Socket Client, ImportRequest Request)>();
        while (importers.Count < Limits.PerAddress - 1)
        {
            var client = Connect();
            client.Send(new OpRequest.Import(Keyboard).Encode());
            importers.Add((client, device.ExpectMsg<ExportedDevice.Serve>(Patience).Request));
        }

        // One after the other takes the last place from the one before.
        var strangers = Enumerable.Range(0, 2 * Limits.PerAddress).Select(_ => Connect()).ToArray();
        Assert.All(strangers.SkipLast(1), AssertClosed);
        Assert.All(importers, importer => AssertOpen(importer.Client));
        foreach (var (client, request) in importers)
        {
            request.Refuse(OpStatus.DevBusy);
            Assert.Equal(ImportReply.Refused(OpStatus.DevBusy).Encode(), ReadToEnd(client));
        }
    }

    [Fact]
    public async Task A_request_that_is_being_answered_outlives_the_listener_and_one_that_is_not_complete_does_not()
    {
        var device = CreateTestProbe();
        await StartAgainAsync(exports: device.Ref);
        var half = Connect();
        half.Send(new OpRequest.Import(Keyboard).Encode().AsSpan(0, 39));
        var importer = Connect();
        importer.Send(new OpRequest.Import(Keyboard).Encode());
        var request = device.ExpectMsg<ExportedDevice.Serve>(Patience).Request;
        await StartAgainAsync();

        AssertClosed(half);
        AssertOpen(importer);
        request.Refuse(OpStatus.NoDev);
        Assert.Equal(ImportReply.Refused(OpStatus.NoDev).Encode(), ReadToEnd(importer));
    }

    [Fact]
    public async Task A_port_where_all_requests_are_being_answered_refuses_more_until_one_is_answered()
    {
        var device = CreateTestProbe();
        await StartAgainAsync(limits: Limits with { Connections = 1, PerAddress = 1 }, exports: device.Ref);
        var first = Connect();
        first.Send(new OpRequest.Import(Keyboard).Encode());
        var request = device.ExpectMsg<ExportedDevice.Serve>(Patience).Request;
        AssertClosed(Connect());
        AssertClosed(Connect("127.0.0.2"));

        // The place is free when the answer is there, or soon after it.
        request.Refuse(OpStatus.DevBusy);
        ReadToEnd(first);
        await AwaitConditionAsync(() =>
        {
            var next = Connect();
            return !next.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectRead);
        });
    }

    [Fact]
    public async Task An_address_that_comes_too_often_is_closed_until_some_time_has_passed_and_another_is_served()
    {
        await StartAgainAsync(limits: Limits with { Rate = 1 });
        Assert.Single(UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience)));
        Assert.Single(UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience)));
        AssertClosed(Connect());
        var other = Connect("127.0.0.2");
        other.Send(new OpRequest.ListDevices().Encode());
        Assert.NotEmpty(ReadToEnd(other));
        await AwaitConditionAsync(() =>
        {
            using var client = Connect();
            return !client.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectRead);
        });
    }

    [Fact]
    public async Task A_list_that_nobody_reads_leaves_its_place()
    {
        await StartAgainAsync(limits: Limits with { Connections = 1, PerAddress = 1 });
        for (var times = 0; times < 3; times++)
            await AwaitConditionAsync(IsAnswered);

        bool IsAnswered()
        {
            var client = Connect();
            client.Send(new OpRequest.ListDevices().Encode());
            return client.Poll(Patience, SelectMode.SelectRead) && client.Available > 0;
        }
    }

    [Fact]
    public async Task A_thousand_that_connect_and_reset_disturb_nobody()
    {
        await StartAgainAsync(limits: Limits with { Rate = 10_000 });
        for (var times = 0; times < 1000; times++)
        {
            var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            client.Connect(EndPoint);
            UsbIpServerConnection.Abort(client);
        }

        Assert.Single(UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience)));
    }

    [Fact]
    public async Task A_request_that_is_over_leaves_its_place()
    {
        for (var number = 0; number < 3 * Limits.PerAddress; number++)
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
        for (var number = 0; number < Limits.PerAddress - 1; number++)
            Connect();
        await SettleAsync(Listener);
        UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience));
    }
}
