using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux;
using UsbIpCluster.Protocol;
using UsbIpCluster.Userspace;

namespace UsbIpCluster.Node.Tests;

/// <summary>Tests of the USB/IP port over loopback TCP, with simulated devices behind it.</summary>
public abstract class UsbIpListenerSpec : VirtualTimeSpec, IAsyncLifetime
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private protected static readonly BusId Keyboard = BusId.Parse("sim-0");

    private readonly SimulatedExporter _exporter = new([new SimulatedKeyboard("K-1"), new SimulatedSerial("S-1")]);
    private readonly Socket _socket = new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };
    private readonly List<IDisposable> _connections = [];
    private readonly IActorRef _exports;
    private readonly Stage _stage;
    private int _listeners;

    protected UsbIpListenerSpec()
    {
        _socket.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        _socket.Listen(128);
        _stage = new Stage(Sys);
        var settings = new ExportSettings(Samples.Lab1, [new NetworkAddress("127.0.0.1", EndPoint.Port)], [], TempState.New());
        _exports = Sys.ActorOf(Props.Create(() => new ExportManager(
            settings, ImmutableArray.Create<IDeviceExporter>(_exporter), Sys.DeadLetters)));
    }

    protected IActorRef Listener { get; private set; } = ActorRefs.Nobody;

    /// <summary>The listener's.</summary>
    private protected ListenerSettings Settings { get; private set; } = new(ListenerLimits.Default, []);

    protected IPEndPoint EndPoint => new(IPAddress.Loopback, ((IPEndPoint)_socket.LocalEndPoint!).Port);

    public async Task InitializeAsync()
    {
        await _exporter.BindAsync(Keyboard, CancellationToken.None);
        await SettleAsync(_exports);
        await StartAsync("127.0.0.0/8", ListenerLimits.Default, _exports);

        // The device's own actor has seen that it is exported.
        await AwaitAssertAsync(
            () => Assert.Single(UsbIpClient.ListDevices(EndPoint, Deadline.After(Patience))), Patience, TimeSpan.FromMilliseconds(20));
    }

    public async Task DisposeAsync()
    {
        foreach (var connection in _connections)
            connection.Dispose();
        await Listener.GracefulStop(Patience);
        await _exporter.DisposeAsync();
        _socket.Dispose();
    }

    private async Task StartAsync(string plainClients, ListenerLimits limits, IActorRef exports)
    {
        var settings = Settings = new ListenerSettings(limits, [IPNetwork.Parse(plainClients)]);
        Listener = await _stage.AddAsync(
            Props.Create(() => new UsbIpListener(_socket, settings, exports, ActorRefs.Nobody, new Refusals())), $"listener{++_listeners}");
        await SettleAsync(Listener);
    }

    /// <summary>Another listener on the same socket.</summary>
    private protected async Task StartAgainAsync(
        string plainClients = "127.0.0.0/8", ListenerLimits? limits = null, IActorRef? exports = null)
    {
        Assert.True(await Listener.GracefulStop(Patience));
        await StartAsync(plainClients, limits ?? ListenerLimits.Default, exports ?? _exports);
    }

    private protected Task<LeaseGranted> LeaseAsync() => _exports.Ask<LeaseGranted>(new RequestLease(Keyboard, Samples.Holder), Patience);

    private protected ImportedConnection Import(BusId busId, LeasePreamble? preamble = null)
    {
        var imported = UsbIpClient.Import(EndPoint, preamble, busId, SessionSocketOptions.Default, Deadline.After(Patience));
        _connections.Add(imported);
        return imported;
    }

    private protected void AssertRefused(DeviceError error, BusId busId) =>
        Assert.Equal(error, Assert.Throws<DeviceException>(() => Import(busId)).Error);

    private protected Socket Connect(string from = "127.0.0.1")
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = (int)Patience.TotalMilliseconds };
        _connections.Add(client);
        client.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        client.Connect(EndPoint);
        return client;
    }

    private protected async Task SendAndCloseAsync(byte[] bytes)
    {
        using (var client = Connect())
        {
            client.Send(bytes);
            client.Shutdown(SocketShutdown.Send);
            while (await client.ReceiveAsync(new byte[4096]) > 0)
            {
                // Until the other end has closed as well.
            }
        }

        await SettleAsync(Listener);
    }

    /// <summary>Everything that the client is sent until its connection is closed.</summary>
    private protected static byte[] ReadToEnd(Socket client)
    {
        var all = new List<byte>();
        var buffer = new byte[4096];
        try
        {
            while (client.Receive(buffer) is > 0 and var received)
                all.AddRange(buffer.AsSpan(0, received));
        }
        catch (SocketException error)
        {
            Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
        }

        return [.. all];
    }

    private protected static void AssertOpen(Socket client) =>
        Assert.False(client.Poll(TimeSpan.Zero, SelectMode.SelectRead), "the connection is closed");

    private protected static void AssertClosed(Socket client) => Assert.Empty(ReadToEnd(client));
}
