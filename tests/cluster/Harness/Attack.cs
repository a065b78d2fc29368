using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>
/// What hostile clients do to a USB/IP port, from several addresses of one network, until they are told to stop. Each method is for a thread
/// of its own (<see cref="NetworkNamespace.RunAsync"/>).
/// </summary>
internal sealed class Attack(IReadOnlyList<IPAddress> from, IPEndPoint to, CancellationToken stop)
{
    // OP_REQ_DEVLIST: version 1.1.1, code 0x8005, status 0.
    private static readonly byte[] DevList = [0x01, 0x11, 0x80, 0x05, 0, 0, 0, 0];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private int _silent;
    private int _resets;
    private int _lists;
    private int _refused;

    /// <summary>Keeps so many connections open that say nothing; one that is closed is opened again.</summary>
    public void StaySilent(int count)
    {
        var connections = new List<Socket>();
        try
        {
            while (!stop.IsCancellationRequested)
            {
                for (var i = connections.Count - 1; i >= 0; i--)
                {
                    if (!connections[i].Poll(TimeSpan.Zero, SelectMode.SelectRead))
                        continue;
                    connections[i].Dispose();
                    connections.RemoveAt(i);
                }

                while (connections.Count < count && !stop.IsCancellationRequested)
                {
                    if (Connect(_silent++) is { } socket)
                        connections.Add(socket);
                }

                stop.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(100));
            }
        }
        finally
        {
            connections.ForEach(connection => connection.Dispose());
        }
    }

    /// <summary>Connects and resets, so many times a second.</summary>
    public void ConnectAndReset(int perSecond)
    {
        var start = Stopwatch.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            while (_resets < perSecond * Stopwatch.GetElapsedTime(start).TotalSeconds)
            {
                if (Connect(_resets++) is not { } socket)
                    continue;
                socket.LingerState = new LingerOption(enable: true, 0);
                socket.Dispose();
            }

            stop.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(5));
        }
    }

    /// <summary>Asks for the list, one connection after another, as fast as it is answered.</summary>
    public void AskForLists()
    {
        var buffer = new byte[4096];
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            using var socket = Connect(i);
            if (socket is not null && IsAnswered(socket, buffer))
                _lists++;
            else
                _refused++;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{_silent} silent connections, {_resets} resets, {_lists} lists answered, {_refused} not";

    private static bool IsAnswered(Socket socket, byte[] buffer)
    {
        try
        {
            socket.Send(DevList);
            var length = 0;
            while (socket.Receive(buffer) is > 0 and var received)
                length += received;
            return length > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // Null where the daemon does not take it.
    private Socket? Connect(int number)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            SendTimeout = (int)Patience.TotalMilliseconds,
            ReceiveTimeout = (int)Patience.TotalMilliseconds,
        };
        try
        {
            socket.Bind(new IPEndPoint(from[number % from.Count], 0));
            socket.Connect(to);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }
}
