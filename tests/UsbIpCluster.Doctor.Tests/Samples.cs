using UsbIpCluster.Control;

namespace UsbIpCluster.Doctor.Tests;

/// <summary>Values for tests to change in what they are about, and what every row has to be.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Now = new(2026, 5, 6, 7, 8, 9, TimeSpan.Zero);

    public static CheckedSettings Settings { get; } = new() { Node = "lab1" };

    public static DaemonFacts Daemon { get; } = new(AttachesByKernel: true, Ends: null);

    /// <summary>
    /// The result of a row that is complete: a fault says what to do, what is well says nothing, and all of it is one line.
    /// </summary>
    public static string ResultOf(DoctorRow row)
    {
        Assert.Equal("lab1", row.Node);
        Assert.NotEqual("", row.What);
        Assert.DoesNotContain('\n', row.What + row.Hint);
        Assert.Equal(row.Result == DoctorResults.Ok, row.Hint is null);
        return row.Result;
    }
}
