using System.Net;
using System.Security.Authentication;

namespace Akka.Remote;

/// <summary>
/// Remoting: one connection for each direction between two systems. Who has something to say connects; who accepts listens. So the
/// messages from one system to another stay in order, and a connection that is lost takes nobody else's messages with it. Only heartbeats
/// may go back over it, when they get no answer by the other one: where many packets are lost, a connection stands still for seconds.
/// </summary>
internal sealed class Transport : IDisposable
{
    // include/uapi/linux/tcp.h
    private const int TcpCongestion = 13;
    private const int TcpThinLinearTimeouts = 16;
    private const int TcpUserTimeout = 18;
    private const int MaxAssociations = 1024;

    private readonly Socket _listener;
    private readonly CancellationTokenSource _ended = new();
    private readonly ConcurrentDictionary<Address, Association> _associations = new();
    private readonly Dictionary<UniqueAddress, InboundConnection> _connections = [];
    private readonly ConcurrentDictionary<string, bool> _logged = new(StringComparer.Ordinal);
    private int _inbound;
    private long _refused;
    private long _unknown;
    private long _dropped;

    /// <exception cref="ArgumentException">There is no host to tell others.</exception>
    /// <exception cref="SocketException">The address can't be listened on.</exception>
    public Transport(SubsetActorSystem system, SubsetRemoteSettings settings, TimeProvider clock)
    {
        (System, Settings, Clock) = (system, settings, clock);
        if (settings.PublicHost is null && (settings.Listen.Address.Equals(IPAddress.Any) || settings.Listen.Address.Equals(IPAddress.IPv6Any)))
            throw new ArgumentException("who listens on any address must say by which others reach it: PublicHost", nameof(settings));
        _listener = new Socket(settings.Listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (settings.Listen.AddressFamily == AddressFamily.InterNetworkV6)
            _listener.DualMode = true;
        try
        {
            _listener.Bind(settings.Listen);
            _listener.Listen();
        }
        catch (SocketException)
        {
            _listener.Dispose();
            throw;
        }

        var bound = (IPEndPoint)_listener.LocalEndPoint!;
        var host = settings.PublicHost ?? bound.Address.ToString();
        if (host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('['))
            host = $"[{host}]";
        Self = new UniqueAddress(
            new Address("akka.tcp", system.Name, host, settings.PublicPort ?? bound.Port), Random.Shared.Next(1, int.MaxValue));
    }

    public SubsetActorSystem System { get; }

    public SubsetRemoteSettings Settings { get; }

    public TimeProvider Clock { get; }

    /// <summary>This system, as others know it.</summary>
    public UniqueAddress Self { get; }

    /// <summary>Takes what the cluster says to this node: who, and the frame.</summary>
    public Action<UniqueAddress, byte[]>? ClusterFrames { get; set; }

    public SubsetRemoteStatistics Statistics =>
        new(Interlocked.Read(ref _refused), Interlocked.Read(ref _unknown), Interlocked.Read(ref _dropped));

    public CancellationToken Ended => _ended.Token;

    public void Start() => _ = Accept();

    /// <summary>Sends a frame, in order after those before it.</summary>
    /// <param name="to">The system.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="expendable">True for what is not worth waiting with others: it is left out when others wait.</param>
    public void Send(Address to, byte[] frame, bool expendable = false)
    {
        if (_ended.IsCancellationRequested)
            return;
        if (frame.Length - 4 > Settings.MaxFrameBytes)
        {
            CountDropped($"a message of {frame.Length} bytes to {to} is longer than {Settings.MaxFrameBytes}");
            return;
        }

        if (!_associations.TryGetValue(to, out var association))
        {
            if (_associations.Count >= MaxAssociations)
                ForgetIdleAssociations();
            if (_associations.Count >= MaxAssociations)
            {
                CountDropped($"there are {MaxAssociations} systems to speak to");
                return;
            }

            association = _associations.GetOrAdd(to, address => new Association(this, address));
        }

        association.Send(frame, expendable);
    }

    /// <summary>Sends a frame of the cluster over the connection that the other system has made, if there is one.</summary>
    public void SendBack(UniqueAddress to, byte[] frame)
    {
        lock (_connections)
            _connections.GetValueOrDefault(to)?.SendBack(frame);
    }

    /// <summary>Makes a connection the one of its system; the one that it replaces, if any.</summary>
    public InboundConnection? Replace(UniqueAddress from, InboundConnection connection)
    {
        _associations.GetValueOrDefault(from.Address)?.TryNow();
        lock (_connections)
        {
            _connections.Remove(from, out var predecessor);
            _connections.Add(from, connection);
            return predecessor;
        }
    }

    public void Forget(UniqueAddress from, InboundConnection connection)
    {
        lock (_connections)
        {
            if (_connections.GetValueOrDefault(from) == connection)
                _connections.Remove(from);
        }
    }

    public void CountDropped(string why)
    {
        Interlocked.Increment(ref _dropped);
        LogOnce(LogLevel.WarningLevel, $"Dropping messages: {why}");
    }

    public void CountUnknown(string what)
    {
        Interlocked.Increment(ref _unknown);
        LogOnce(LogLevel.WarningLevel, what);
    }

    /// <summary>The stream of a connected socket. Whatever protects the connection is put around it here.</summary>
    /// <param name="socket">The socket, which belongs to the stream from now on.</param>
    /// <param name="remote">The system that was connected to; null for a connection that was accepted.</param>
    /// <param name="deadline">Until when the handshake must be done.</param>
    /// <exception cref="WireException">The other side is refused.</exception>
    public async Task<Stream> Open(Socket socket, Address? remote, CancellationToken deadline)
    {
        deadline.ThrowIfCancellationRequested();
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 5);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 2);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        if (OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption((int)ProtocolType.Tcp, TcpUserTimeout, BitConverter.GetBytes((int)Settings.AcknowledgeTimeout.TotalMilliseconds));
            SendAgainSteadily(socket);
        }

        var stream = new NetworkStream(socket, ownsSocket: true);
        try
        {
            return Settings.Secure is { } secure ? await secure(stream, remote, deadline) : stream;
        }
        catch (AuthenticationException e)
        {
            throw new WireException(e.Message, e);
        }
    }

    /// <summary>
    /// What is lost again and again is sent again at a steady pace: after waits that double each time, its sender counts as unreachable.
    /// Not every congestion control leaves it to that (with BBR a connection never counts as thin); this one does, and every kernel has it.
    /// </summary>
    private static void SendAgainSteadily(Socket socket)
    {
        try
        {
            socket.SetRawSocketOption((int)ProtocolType.Tcp, TcpThinLinearTimeouts, BitConverter.GetBytes(1));
            socket.SetRawSocketOption((int)ProtocolType.Tcp, TcpCongestion, "reno"u8);
        }
        catch (SocketException)
        {
            // This machine allows others only. The connection is as good, but for links that lose much.
        }
    }

    public void Log(LogLevel level, string message) => System.Publish(level, $"Remoting({Self.Address})", message, null);

    /// <summary>Goes on for a moment to send what waits, then ends.</summary>
    public async Task Flush()
    {
        _listener.Dispose();
        await Task.WhenAny(Task.WhenAll(_associations.Values.Select(association => association.Flush())), Task.Delay(Settings.FlushTimeout, Clock));
        Dispose();
    }

    /// <summary>Cuts everything.</summary>
    public void Dispose()
    {
        _listener.Dispose();
        _ended.Cancel();
    }

    /// <summary>Logs the same text once; of many different ones the first hundred.</summary>
    private void LogOnce(LogLevel level, string message)
    {
        if (_logged.Count < 100 && _logged.TryAdd(message, true))
            Log(level, message + " (more of the same is only counted)");
    }

    private void ForgetIdleAssociations()
    {
        foreach (var (address, association) in _associations)
        {
            if (association.IsIdle)
                _associations.TryRemove(address, out _);
        }
    }

    private async Task Accept()
    {
        while (!_ended.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptAsync(_ended.Token);
                if (Interlocked.Increment(ref _inbound) > Settings.MaxInboundConnections)
                {
                    Refuse("there are too many connections");
                    socket.Dispose();
                    Interlocked.Decrement(ref _inbound);
                    continue;
                }

                _ = Listen(socket);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException
                or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return;
            }
            catch (SocketException e)
            {
                LogOnce(LogLevel.WarningLevel, $"Could not accept a connection: {e.Message}");
                await Task.Delay(Settings.Backoff.First, Clock);
            }
        }
    }

    private async Task Listen(Socket socket)
    {
        try
        {
            using var connection = new InboundConnection(this, socket);
            await connection.Run();
        }
        catch (WireException e)
        {
            Refuse(e.Message);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Log(LogLevel.DebugLevel, $"A connection ended: {e.Message}");
        }
        finally
        {
            socket.Dispose();
            Interlocked.Decrement(ref _inbound);
        }
    }

    public void Refuse(string why)
    {
        Interlocked.Increment(ref _refused);
        LogOnce(LogLevel.WarningLevel, $"Closed a connection: {why}");
    }
}
