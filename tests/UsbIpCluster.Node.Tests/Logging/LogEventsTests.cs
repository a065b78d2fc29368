using System.Reflection;
using Microsoft.Extensions.Logging;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node.Tests;

/// <summary>The events of the log keep to what docs/logs.md promises.</summary>
public sealed class LogEventsTests
{
    private static readonly LoggerMessageAttribute[] Events =
    [
        .. typeof(LogEvents).GetMethods(BindingFlags.Static | BindingFlags.Public)
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .OfType<LoggerMessageAttribute>()
            .OrderBy(message => message.EventId),
    ];

    [Fact]
    public void The_documentation_lists_every_event_and_no_other()
    {
        var documented = File.ReadLines(Path.Combine(FindRoot(), "docs", "logs.md"))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Where(cells => cells.Length == 7 && int.TryParse(cells[1], out _))
            .Select(cells => $"{cells[1]} {cells[2].Trim('`')} {cells[3]}");
        Assert.Equal(Events.Select(message => $"{message.EventId} {message.EventName} {Word(message)}"), documented);
    }

    [Fact]
    public void No_id_and_no_name_stands_for_two()
    {
        Assert.NotEmpty(Events);
        Assert.Equal(Events.Length, Events.Select(message => message.EventId).Distinct().Count());
        Assert.Equal(Events.Length, Events.Select(message => message.EventName).Distinct().Count());
    }

    [Fact]
    public void What_the_control_socket_tells_of_attachments_is_logged_under_the_same_name()
    {
        string[] kinds =
        [
            EventKinds.Attached, EventKinds.AttachFailed, EventKinds.Lost, EventKinds.Reattached, EventKinds.Adopted, EventKinds.Detached,
            EventKinds.SessionStarted, EventKinds.SessionEnded, EventKinds.DeviceAdded, EventKinds.DeviceRemoved, EventKinds.DeviceChanged,
            EventKinds.NodeUp, EventKinds.NodeReachable, EventKinds.NodeUnreachable, EventKinds.NodeRemoved,
        ];
        var log = new TestLog();
        foreach (var kind in kinds)
            EventLines.Write(log, new EventRow(DateTimeOffset.UtcNow, "lab1", kind, "1-1", "serial=S", 0, "a1", "in-use", "lab2/a1", "why", 5), "lab1");
        Assert.Equal(kinds, log.Events);
    }

    [Fact]
    public void Devices_that_come_and_go_elsewhere_are_for_the_logs_there()
    {
        var log = new TestLog();
        EventLines.Write(log, new EventRow(DateTimeOffset.UtcNow, "lab2", EventKinds.DeviceAdded, "1-1"), "lab1");
        EventLines.Write(log, new EventRow(DateTimeOffset.UtcNow, "lab2", EventKinds.DeviceRemoved, "1-1"), "lab1");
        Assert.Empty(log.Entries);
    }

    private static string Word(LoggerMessageAttribute message) => message.Level switch
    {
        LogLevel.Information => "info",
        LogLevel.None => "any",
        var level => level.ToString().ToLowerInvariant(),
    };

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "UsbIpCluster.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("the tests do not run below the solution");
    }
}
