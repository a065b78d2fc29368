using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace.Tests;

/// <summary>What tests of single URBs share: an exporter with devices whose bounds are small.</summary>
public abstract class UrbTestBase : IAsyncLifetime
{
    protected const int Stalled = -32;
    protected const int Unlinked = -104;
    protected const int OutOfMemory = -12;
    protected const byte Bulk = 2;
    protected const byte Interrupt = 1;

    protected static readonly BusId Serial = BusId.Parse("sim-0");
    protected static readonly BusId Keyboard = BusId.Parse("sim-1");
    protected static readonly BusId Valve = BusId.Parse("sim-2");

    private protected UrbTestBase() => Exporter = new SimulatedExporter(
        [
            new SimulatedSerial(new SimulatedIdentity(SimulatedIdentity.TestVendorId, 1, null, null, "S"), bufferSize: 1000),
            Keys,
            TheValve,
        ],
        options: new UrbServerOptions { MaxPendingUrbs = 100, MaxHeldBytes = 5000 });

    protected SimulatedExporter Exporter { get; }

    protected SimulatedKeyboard Keys { get; } = new("K");

    private protected ValveDevice TheValve { get; } = new();

    public async Task InitializeAsync()
    {
        await Exporter.BindAsync(Serial, default);
        await Exporter.BindAsync(Keyboard, default);
        await Exporter.BindAsync(Valve, default);
    }

    public async Task DisposeAsync() => await Exporter.DisposeAsync();

    protected static (uint SequenceNumber, int Status, int Length) Key(RetSubmit reply) =>
        (reply.SequenceNumber, reply.Status, reply.ActualLength);

    protected static void AssertIn(uint sequenceNumber, byte[] expected, (RetSubmit Reply, byte[] Data) actual)
    {
        Assert.Equal((sequenceNumber, 0), (actual.Reply.SequenceNumber, actual.Reply.Status));
        Assert.Equal(expected, actual.Data);
    }
}
