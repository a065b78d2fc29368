using System.Net;
using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux.Tests.Fakes;

namespace UsbIpCluster.Linux.Tests;

public sealed class SessionSocketTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(150);

    internal static void AssertDefaultOptions(Socket socket)
    {
        Assert.True(socket.NoDelay);
        Assert.Equal(1, socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal(3, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
        Assert.Equal(2, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval));
        Assert.Equal(3, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount));
        Assert.Equal(8000, RawOption(socket, 6, 18));
        // SO_RCVTIMEO and SO_SNDTIMEO: whole seconds, then microseconds.
        Assert.Equal((0L, 0L), (RawOption(socket, 1, 20), RawOption(socket, 1, 21)));
    }

    [Fact]
    public void Session_options_are_set_and_timeouts_taken_back()
    {
        var (near, far) = Connections.Pair();
        using var _ = far;
        using (near)
        {
            near.ReceiveTimeout = near.SendTimeout = 3000;
            SessionSocket.SetSessionOptions(near, SessionSocketOptions.Default);
            AssertDefaultOptions(near);
        }
    }

    [Fact]
    public void A_connection_that_nobody_answers_ends_in_time()
    {
        // The queue is full, so the kernel drops further requests and the connection hangs.
        using var listener = Connections.Listen(backlog: 0);
        using var first = SessionSocket.Connect(listener.EndPoint(), Deadline.After(Long));
        var start = TimeProvider.System.GetTimestamp();
        Fails(DeviceError.TimedOut, () => SessionSocket.Connect(listener.EndPoint(), Deadline.After(Short)));
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), Short * 0.9, Long / 2);
    }

    [Fact]
    public void A_port_that_nobody_listens_on_is_a_lost_peer()
    {
        using var listener = Connections.Listen();
        var endpoint = listener.EndPoint();
        listener.Dispose();
        Fails(DeviceError.PeerLost, () => SessionSocket.Connect(endpoint, Deadline.After(Long)));
    }

    [Fact]
    public async Task A_connection_is_blocking_and_in_no_epoll_even_when_it_took_long()
    {
        using var listener = Connections.Listen(backlog: 0);
        using var first = SessionSocket.Connect(listener.EndPoint(), Deadline.After(Long));
        // Answered at the second request, about a second later, when there is room.
        var connecting = Task.Run(() => SessionSocket.Connect(listener.EndPoint(), Deadline.After(Long)));
        using var accepted = await listener.AcceptAsync();
        using var socket = await connecting;

        using var others = Connections.Listen();
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await other.ConnectAsync(others.EndPoint());
        Assert.Equal((true, false), (Connections.IsInEpoll(other), Connections.IsInEpoll(socket)));
        Assert.Equal(0, Flags(socket) & NonBlocking);
    }

    [Fact]
    public void Sending_and_receiving_leave_the_socket_out_of_epoll_and_blocking()
    {
        var (near, far) = Connections.Pair();
        using var _ = far;
        using (near)
        {
            SessionSocket.Send(near, "12345678"u8, Deadline.After(Long));
            far.Send(new Protocol.OpRequest.ListDevices().Encode());
            Assert.NotNull(SessionSocket.Receive(near, Protocol.OpRequest.Read, Protocol.OpRequest.MaxSize, Deadline.After(Long)));
            Assert.False(Connections.IsInEpoll(near));
            Assert.Equal(0, Flags(near) & NonBlocking);
        }
    }

    [Fact]
    public void Sending_to_a_peer_that_never_reads_ends_in_time()
    {
        var (near, far) = Connections.Pair();
        using var _ = far;
        using (near)
            Fails(DeviceError.TimedOut, () => SessionSocket.Send(near, new byte[64 * 1024 * 1024], Deadline.After(Short)));
    }

    [Fact]
    public void Sending_to_a_peer_that_is_gone_is_a_lost_peer()
    {
        var (near, far) = Connections.Pair();
        far.Reset();
        using (near)
        {
            Assert.True(near.Poll(Long, SelectMode.SelectError));
            Fails(DeviceError.PeerLost, () => SessionSocket.Send(near, "x"u8, Deadline.After(Long)));
        }
    }

    [Fact]
    public void A_deadline_that_is_over_is_a_timeout()
    {
        var error = Assert.Throws<DeviceException>(() => Deadline.After(TimeSpan.Zero).MillisecondsFor("waiting"));
        Assert.Equal((DeviceError.TimedOut, "waiting: not done in time"), (error.Error, error.Message));
    }

    [Fact]
    public void A_deadline_in_the_past_or_beyond_a_day_is_a_mistake()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Deadline.After(TimeSpan.FromSeconds(-1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Deadline.After(TimeSpan.FromDays(2)));
    }

    private const int NonBlocking = 0x800;

    private static void Fails(DeviceError expected, Action work) => Assert.Equal(expected, Assert.Throws<DeviceException>(work).Error);

    private static int Flags(Socket socket)
    {
        var line = File.ReadLines($"/proc/self/fdinfo/{socket.SafeHandle.DangerousGetHandle()}").First(text => text.StartsWith("flags:", StringComparison.Ordinal));
        return Convert.ToInt32(line["flags:".Length..].Trim(), 8);
    }

    private static long RawOption(Socket socket, int level, int option)
    {
        Span<byte> value = stackalloc byte[16];
        value.Clear();
        socket.GetRawSocketOption(level, option, value);
        return BitConverter.ToInt64(value) | BitConverter.ToInt64(value[8..]);
    }
}
