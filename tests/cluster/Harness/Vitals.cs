namespace UsbIpCluster.Cluster.Tests;

/// <summary>What a process holds of the machine.</summary>
/// <param name="Descriptors">Open descriptors.</param>
/// <param name="Threads">Threads.</param>
/// <param name="ResidentKilobytes">Resident memory.</param>
internal sealed record Vitals(int Descriptors, int Threads, int ResidentKilobytes)
{
    /// <summary>Those of a process that runs.</summary>
    public static Vitals Of(int processId)
    {
        var status = File.ReadAllLines($"/proc/{processId}/status")
            .Select(line => line.Split(':', 2))
            .ToDictionary(parts => parts[0], parts => parts[1].Trim(), StringComparer.Ordinal);
        return new Vitals(
            Directory.GetFileSystemEntries($"/proc/{processId}/fd").Length,
            int.Parse(status["Threads"]),
            int.Parse(status["VmRSS"].Split(' ')[0]));
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Descriptors} descriptors, {Threads} threads, {ResidentKilobytes / 1024.0:0.0} MB";
}
