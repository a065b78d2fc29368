using System.Collections.Immutable;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli.Watch;

/// <summary>What is known, and how it is looked at; immutable.</summary>
internal sealed record WatchState
{
    /// <summary>As many events as a high terminal shows.</summary>
    public const int KeptEvents = 50;

    private const int LongestFilter = 64;

    /// <summary>The rows as they were last.</summary>
    public WatchInput.Rows Rows { get; init; } = new([], [], []);

    /// <summary>The last events, oldest first.</summary>
    public ImmutableList<EventRow> Events { get; init; } = [];

    /// <summary>Why the rows may be old; null when they are not.</summary>
    public string? Trouble { get; init; }

    /// <summary>How many of the devices are above the first that is shown.</summary>
    public int Scroll { get; init; }

    /// <summary>How many devices were shown last: what a page is.</summary>
    public int Page { get; init; } = 1;

    /// <summary>Only devices with this text somewhere are shown; empty for all.</summary>
    public string Filter { get; init; } = "";

    /// <summary>Whether keys are the filter's.</summary>
    public bool IsFiltering { get; init; }

    /// <summary>Whether the user has seen enough.</summary>
    public bool IsOver { get; init; }

    /// <summary>The devices that pass the filter.</summary>
    public IReadOnlyList<DeviceRow> Devices => Filter.Length == 0 ? Rows.Devices : [.. Rows.Devices.Where(Passes)];

    /// <summary>What it is after an input.</summary>
    public WatchState After(WatchInput input) => input switch
    {
        WatchInput.Rows rows => (this with { Rows = rows, Trouble = null }).ScrolledTo(Scroll),
        WatchInput.Happened happened => this with
        {
            Events = (Events.Count < KeptEvents ? Events : Events.RemoveAt(0)).Add(happened.Event),
        },
        WatchInput.Lost lost => this with { Trouble = lost.Why },
        WatchInput.KeyPressed key when IsFiltering => AfterFilterKey(key),
        WatchInput.KeyPressed key => AfterKey(key),
        _ => this,
    };

    private WatchState AfterKey(WatchInput.KeyPressed key) => key switch
    {
        { Key: ConsoleKey.Q } => this with { IsOver = true },
        { Key: ConsoleKey.UpArrow } or { Character: 'k' } => ScrolledTo(Scroll - 1),
        { Key: ConsoleKey.DownArrow } or { Character: 'j' } => ScrolledTo(Scroll + 1),
        { Key: ConsoleKey.PageUp } => ScrolledTo(Scroll - Page),
        { Key: ConsoleKey.PageDown or ConsoleKey.Spacebar } => ScrolledTo(Scroll + Page),
        { Key: ConsoleKey.Home } => ScrolledTo(0),
        { Key: ConsoleKey.End } => ScrolledTo(int.MaxValue),
        { Key: ConsoleKey.Escape } => (this with { Filter = "" }).ScrolledTo(0),
        { Character: '/' } => this with { IsFiltering = true },
        _ => this,
    };

    private WatchState AfterFilterKey(WatchInput.KeyPressed key) => key switch
    {
        { Key: ConsoleKey.Enter } => this with { IsFiltering = false },
        { Key: ConsoleKey.Escape } => (this with { IsFiltering = false, Filter = "" }).ScrolledTo(0),
        { Key: ConsoleKey.Backspace } => (this with { Filter = Filter.Length == 0 ? "" : Filter[..^1] }).ScrolledTo(0),
        { Character: >= ' ' and not '\u007f' } when Filter.Length < LongestFilter => (this with { Filter = Filter + key.Character }).ScrolledTo(0),
        _ => this,
    };

    /// <summary>The same with another number of devices on the screen.</summary>
    public WatchState OnPageOf(int devices) => (this with { Page = Math.Max(1, devices) }).ScrolledTo(Scroll);

    // The last page is full.
    private WatchState ScrolledTo(int line) => this with { Scroll = Math.Clamp(line, 0, Math.Max(0, Devices.Count - Page)) };

    private bool Passes(DeviceRow row) =>
        ((string?[])[$"{row.Node}/{row.BusId}", $"{row.Vid}:{row.Pid}", row.Name, row.Product, row.Manufacturer, row.Serial, row.Class, row.State, row.Holder, row.User])
        .Any(text => text?.Contains(Filter, StringComparison.OrdinalIgnoreCase) == true);
}
