using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Watch;

/// <summary>Something that changes what is on the screen.</summary>
internal abstract record WatchInput
{
    private WatchInput()
    {
    }

    /// <summary>A key was pressed.</summary>
    /// <param name="Key">Which, as <see cref="ConsoleKey"/> has it.</param>
    /// <param name="Character">What it writes; NUL when nothing.</param>
    public sealed record KeyPressed(ConsoleKey Key, char Character) : WatchInput;

    /// <summary>The terminal has another size, or shows something else by now.</summary>
    public sealed record Resized : WatchInput;

    /// <summary>Time has passed: ages are others.</summary>
    public sealed record Tick : WatchInput;

    /// <summary>The rows as they are.</summary>
    public sealed record Rows(IReadOnlyList<NodeRow> Nodes, IReadOnlyList<DeviceRow> Devices, IReadOnlyList<PortRow> Ports) : WatchInput;

    /// <summary>Something happened.</summary>
    public sealed record Happened(EventRow Event) : WatchInput;

    /// <summary>The daemon can't be asked; it is tried again.</summary>
    public sealed record Lost(string Why) : WatchInput;
}
