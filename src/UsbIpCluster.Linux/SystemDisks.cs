using System.Collections.Immutable;

namespace UsbIpCluster.Linux;

/// <summary>
/// The block devices that hold the file systems that this host runs from, from <c>/proc/self/mountinfo</c> (proc_pid_mountinfo(5)) and
/// <c>/sys/dev/block</c>, through partitions and through what is built of other block devices (<c>slaves/</c> of device-mapper and md,
/// the devices of a btrfs). No attribute is read that the kernel shows only under a device's lock.
/// </summary>
internal sealed class SystemDisks(Sysfs sysfs)
{
    private const string MountInfo = "/proc/self/mountinfo";
    private const string BtrfsDirectory = "/sys/fs/btrfs";

    // fs.mount-max is 100,000; the mounts that matter are made first.
    private const int MaxMounts = 16 * 1024;

    // Disks below one file system. A stack that is larger than this is not followed to its end.
    private const int MaxDisks = 256;

    private static readonly ImmutableArray<string> MountPoints = ["/", "/boot", "/boot/efi", "/usr", "/var"];

    private ImmutableDictionary<string, ImmutableArray<string>> _disks = ImmutableDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>Reads them anew. A machine without these files has none.</summary>
    public void Read()
    {
        var known = _disks;
        var disks = ImmutableDictionary.CreateBuilder<string, ImmutableArray<string>>();
        foreach (var source in sysfs.Lines(MountInfo, MaxMounts).Select(SourceOf).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            // A disk that drops off its bus takes its files with it while its file system stays mounted: what comes back in its place is still
            // no device for others.
            if (DisksOf(source) is { IsEmpty: false } found)
                disks[source] = found;
            else if (known.TryGetValue(source, out var before))
                disks[source] = before;
        }

        _disks = disks.ToImmutable();
    }

    /// <summary>Whether one of them is below a device of sysfs.</summary>
    public bool AreBelow(string path)
    {
        var disks = _disks;
        if (disks.IsEmpty || sysfs.Resolve(path) is not { } device)
            return false;
        return disks.Values.Any(paths => paths.Any(disk => disk.StartsWith(device + "/", StringComparison.Ordinal)));
    }

    /// <summary>
    /// What one of the mounts that matter is mounted from; null for any other. A file system of several devices has an anonymous number
    /// (major 0), and only its source says where it is.
    /// </summary>
    private static string? SourceOf(string mount)
    {
        var fields = mount.Split(' ');
        if (fields.Length < 5 || !MountPoints.Contains(fields[4]))
            return null;
        var number = fields[2];
        if (!number.StartsWith("0:", StringComparison.Ordinal))
            return IsNumber(number) ? $"/sys/dev/block/{number}" : null;
        var separator = Array.IndexOf(fields, "-");
        return separator > 0 && separator + 2 < fields.Length && fields[separator + 2].StartsWith("/dev/", StringComparison.Ordinal)
            ? fields[separator + 2]
            : null;
    }

    private static bool IsNumber(string text) => text.All(c => char.IsAsciiDigit(c) || c == ':');

    /// <summary>The block device and all that it is built of; none when it is not there.</summary>
    private ImmutableArray<string> DisksOf(string source)
    {
        // /dev/mapper/root is a link to the node, whose name is that of the block device.
        var first = source.StartsWith("/dev/", StringComparison.Ordinal)
            ? $"/sys/class/block/{Path.GetFileName(sysfs.Resolve(source) ?? source)}"
            : source;
        var found = new HashSet<string>(StringComparer.Ordinal);
        var next = new Queue<string>([first]);
        while (found.Count < MaxDisks && next.TryDequeue(out var link))
        {
            if (sysfs.Resolve(link) is not { } disk || !found.Add(disk))
                continue;
            foreach (var below in Below(disk))
                next.Enqueue(below);
        }

        return [.. found];
    }

    private IEnumerable<string> Below(string disk)
    {
        // A partition of an array is a directory in that of the array, which has the slaves.
        var whole = sysfs.Exists($"{disk}/partition") ? Path.GetDirectoryName(disk)! : disk;
        return sysfs.Entries($"{whole}/slaves").Select(name => $"{whole}/slaves/{name}").Concat(MembersWith(Path.GetFileName(disk)));
    }

    private IEnumerable<string> MembersWith(string name) =>
        from fileSystem in sysfs.Entries(BtrfsDirectory)
        let devices = $"{BtrfsDirectory}/{fileSystem}/devices"
        where sysfs.Exists($"{devices}/{name}")
        from member in sysfs.Entries(devices)
        select $"{devices}/{member}";
}
