using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux.Tests.Fakes;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

/// <summary>The exporter's side against a client that is played by the test over loopback.</summary>
public sealed class UsbIpServerConnectionTests : IDisposable
{
    private static readonly BusId Id = BusId.Parse("1-1");
    private static readonly LeaseId Lease = LeaseId.New();
    private static readonly byte[] Import = new OpRequest.Import(Id).Encode();
    private static readonly byte[] DevList = new OpRequest.ListDevices().Encode();
    private static readonly byte[] UseLease = new OpRequest.UseLease(Lease).Encode();
    private static readonly byte[] ResumeLease = new OpRequest.ResumeLease(Lease).Encode();

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly RequestReader _reader;
    private readonly Socket _client;
    private readonly Socket _connection;

    public UsbIpServerConnectionTests()
    {
        (_client, _connection) = Connections.Pair();
        _reader = new RequestReader(_connection);
    }

    public void Dispose()
    {
        _client.Dispose();
        _connection.Dispose();
    }

    [Fact]
    public void A_request_for_the_list_is_read() => Assert.Equal(new UsbIpRequest.DevList(), After(DevList));

    [Fact]
    public void A_plain_import_has_no_lease() => Assert.Equal(new UsbIpRequest.Import(Id, null), After(Import));

    [Fact]
    public void An_import_with_a_lease_names_it() =>
        Assert.Equal(new UsbIpRequest.Import(Id, new LeasePreamble(Lease, Resume: false)), After([.. UseLease, .. Import]));

    [Fact]
    public void An_import_that_resumes_says_so() =>
        Assert.Equal(new UsbIpRequest.Import(Id, new LeasePreamble(Lease, Resume: true)), After([.. ResumeLease, .. Import]));

    [Fact]
    public void What_is_behind_the_request_is_left_to_the_kernel()
    {
        After([.. Import, 1, 2, 3]);
        Assert.Equal(new byte[] { 1, 2, 3 }, _connection.Receive(3));
    }

    [Fact]
    public void Reading_leaves_no_timeouts_and_nothing_in_epoll()
    {
        After(Import);
        Assert.Equal((0, 0, false), (_connection.SendTimeout, _connection.ReceiveTimeout, Connections.IsInEpoll(_connection)));
    }

    [Fact]
    public void Two_leases_are_malformed() => Assert.IsType<UsbIpRequest.Malformed>(After([.. UseLease, .. UseLease, .. Import]));

    [Fact]
    public void A_lease_without_an_import_is_malformed() => Assert.IsType<UsbIpRequest.Malformed>(After([.. UseLease, .. DevList]));

    [Fact]
    public void Another_protocol_is_malformed_and_says_what_it_starts_with() =>
        Assert.Contains("0x4745", Assert.IsType<UsbIpRequest.Malformed>(After("GET / HTTP/1.1\r\n\r\n"u8)).Reason, StringComparison.Ordinal);

    [Fact]
    public void A_bus_id_that_is_none_is_malformed()
    {
        var request = (byte[])Import.Clone();
        "../etc"u8.CopyTo(request.AsSpan(8));
        Assert.IsType<UsbIpRequest.Malformed>(After(request));
    }

    [Fact]
    public void A_request_that_comes_byte_by_byte_is_read_when_its_last_one_is_there()
    {
        byte[] request = [.. UseLease, .. Import];
        foreach (var value in request.AsSpan(0, request.Length - 1))
        {
            _client.Send([value]);
            Assert.Null(Read());
        }

        Assert.IsType<UsbIpRequest.Import>(After(request.AsSpan(request.Length - 1)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(39)]
    public void A_client_that_closes_before_its_request_is_complete_has_closed(int length)
    {
        _client.Send(Import.AsSpan(0, length));
        _client.Dispose();
        if (length > 0)
            Assert.Null(Read());
        Assert.IsType<UsbIpRequest.Closed>(Read());
    }

    [Fact]
    public void A_client_that_resets_has_closed()
    {
        _client.Reset();
        Assert.IsType<UsbIpRequest.Closed>(Read());
    }

    [Fact]
    public void A_socket_that_is_disposed_already_has_closed()
    {
        _connection.Dispose();
        Assert.IsType<UsbIpRequest.Closed>(_reader.Read());
    }

    [Fact]
    public void Random_bytes_are_a_result_and_never_an_exception()
    {
        var random = new Random(3);
        for (var round = 0; round < 200; round++)
        {
            var (client, connection) = Connections.Pair();
            using (client)
            using (connection)
            {
                byte[] request = [.. UseLease, .. Import];
                for (var change = random.Next(1, 10); change > 0; change--)
                    request[random.Next(request.Length)] = (byte)random.Next(256);
                client.Send(request.AsSpan(0, random.Next(request.Length)));
                client.Shutdown(SocketShutdown.Send);
                var reader = new RequestReader(connection);
                UsbIpRequest? result = null;
                while (result is null && connection.Poll(Patience, SelectMode.SelectRead))
                    result = reader.Read();
                Assert.NotNull(result);
            }
        }
    }

    [Fact]
    public void A_list_is_sent()
    {
        UsbIpServerConnection.SendDeviceList(_connection, [], Soon);
        Assert.Equal(DevlistReply.Encode([]), _client.Receive(DevlistReply.Size));
    }

    [Fact]
    public void What_is_behind_an_answered_request_does_not_reset_the_connection()
    {
        After([.. DevList, .. DevList]);
        UsbIpServerConnection.SendDeviceList(_connection, [], Soon);
        UsbIpServerConnection.Close(_connection);
        Assert.Equal(DevlistReply.Encode([]), _client.Receive(DevlistReply.Size));
        Assert.Equal(0, _client.Receive(new byte[1]));
    }

    [Fact]
    public void A_connection_that_gets_no_answer_is_reset()
    {
        UsbIpServerConnection.Abort(_connection);
        Assert.Equal(SocketError.ConnectionReset, Assert.Throws<SocketException>(() => _client.Receive(new byte[1])).SocketErrorCode);
    }

    [Fact]
    public void A_list_that_is_longer_than_the_send_buffer_does_not_wait_for_who_does_not_read()
    {
        _client.ReceiveBufferSize = 1;
        _connection.SendBufferSize = 1;
        var devices = Enumerable.Repeat(new DevlistDevice(Record, [new UsbClass(8, 6, 80)]), 300).ToArray();
        UsbIpServerConnection.SendDeviceList(_connection, devices, Deadline.After(Patience));
    }

    private static UsbDeviceRecord Record { get; } = new(
        "/sys/devices/test/1-1", Id, new DeviceId(1, 2), UsbSpeed.High, 0x0525, 0xa4a5, 0x0100, default, 1, 1, 1);

    private static Deadline Soon => Deadline.After(Patience);

    private UsbIpRequest After(ReadOnlySpan<byte> sent)
    {
        _client.Send(sent);
        return Assert.IsType<UsbIpRequest>(Read(), exactMatch: false);
    }

    private UsbIpRequest? Read()
    {
        Assert.True(_connection.Poll(Patience, SelectMode.SelectRead), "nothing has come");
        return _reader.Read();
    }
}
