using System.Collections.Immutable;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>From what an examination of the cluster has brought to what is told of it.</summary>
internal static class ClusterChecks
{
    /// <summary>How far clocks may be apart.</summary>
    public static readonly TimeSpan SkewWarning = TimeSpan.FromSeconds(2);

    /// <summary>From which on certificates that were just made are not valid yet, and events make no sense.</summary>
    public static readonly TimeSpan SkewError = TimeSpan.FromMinutes(10);

    /// <summary>The checks: who answers, whose clock is how far off, who reaches whom.</summary>
    public static IEnumerable<DoctorRow> Of(ClusterExamination examination)
    {
        var cluster = new Names(examination);
        var others = examination.Results.Where(result => result.Key != examination.Members.Self).ToArray();
        return
        [
            .. others.Select(other => ClockOf(other.Value) is { } clock ? Skew(cluster, other.Key, clock) : null).OfType<DoctorRow>(),
            .. examination.Results.Select(result => Answer(cluster, result.Key, result.Value)).OfType<DoctorRow>(),
            .. examination.Results.SelectMany(result =>
                result.Value is NodeExamination.Told told ? Reach(cluster, result.Key, told.Probes) : []),
        ];
    }

    /// <summary>Judges a clock.</summary>
    public static DoctorRow Skew(string node, string other, ClockReading clock)
    {
        var (off, way) = clock.Ahead < TimeSpan.Zero ? (-clock.Ahead, "behind") : (clock.Ahead, "ahead of");
        var least = off - clock.Uncertainty;
        var what = least <= TimeSpan.Zero
            ? $"the clock of {other} agrees with that of {node}, as far as can be told (give or take {InWords(clock.Uncertainty)})"
            : $"the clock of {other} is {InWords(off)} {way} that of {node} (give or take {InWords(clock.Uncertainty)})";
        var hint = $"on both: timedatectl; have a time service keep the clock that is wrong (timedatectl set-ntp true)";
        return least > SkewError ? DoctorRow.Error(DoctorChecks.ClockSkew, node, other, what, hint)
            : least > SkewWarning ? DoctorRow.Warning(DoctorChecks.ClockSkew, node, other, what, hint)
            : DoctorRow.Ok(DoctorChecks.ClockSkew, node, other, what);
    }

    private static DoctorRow Skew(Names cluster, string other, ClockReading clock) =>
        Skew(cluster.Self, cluster.Of(other), clock);

    private static DoctorRow? Answer(Names cluster, string address, NodeExamination result)
    {
        var (self, name, place) = (cluster.Self, cluster.Of(address), ClusterAddress.Place(address));
        var isSelf = cluster.IsSelf(address);
        return result switch
        {
            NodeExamination.Told when isSelf => null,
            NodeExamination.Told => DoctorRow.Ok(DoctorChecks.NodeAnswers, self, name, $"{name} at {place} answers"),
            NodeExamination.Silent when cluster.IsUnreachable(address) => DoctorRow.Error(
                DoctorChecks.NodeAnswers,
                self,
                name,
                $"{name} at {place} can't be reached",
                $"on {name}: is it on, on the network, and systemctl status usbipcd? If it is gone for good: usbipc nodes remove {name}"),
            NodeExamination.Silent silent => DoctorRow.Error(
                DoctorChecks.NodeAnswers,
                self,
                name,
                $"{name} at {place} has not answered within {silent.Waited.TotalSeconds:0.#} s",
                $"on {name}: systemctl status usbipcd, journalctl -u usbipcd -n 50, and how busy it is; then run usbipc doctor again"),
            NodeExamination.Unfinished => DoctorRow.Error(
                DoctorChecks.NodeAnswers,
                self,
                name,
                $"{name} at {place} answers, and has not told in time whom it reaches",
                "--timeout 15s gives it as long as it can take; or run usbipc doctor there"),
            NodeExamination.Busy => DoctorRow.Warning(
                DoctorChecks.NodeAnswers,
                self,
                name,
                $"{name} at {place} answers, and was examined for somebody else all the time: whom it reaches is not known",
                "run usbipc doctor again"),
            NodeExamination.Older older => DoctorRow.Warning(
                DoctorChecks.NodeAnswers,
                self,
                name,
                older.Software is { } version
                    ? $"{name} at {place} runs {version}, which is too old to say whom it reaches"
                    : $"{name} at {place} is a member and has not said yet what it is",
                older.Software is null ? "run usbipc doctor again in some seconds" : $"upgrade usbipcd on {name}; its sessions go on"),
            _ => throw new InvalidOperationException($"{result.GetType().Name} has no words"),
        };
    }

    // Of several endpoints one is enough; the first one that works is used.
    private static IEnumerable<DoctorRow> Reach(Names cluster, string from, ImmutableArray<Probe> probes)
    {
        var known = probes.Where(probe => cluster.Contains(probe.Target)).ToLookup(probe => probe.Target, StringComparer.Ordinal);
        foreach (var target in known)
        {
            foreach (var door in target.GroupBy(probe => probe.Door).OrderBy(door => door.Key))
                yield return Reach(cluster.Of(from), cluster.Of(target.Key), door.Key, [.. door]);
        }

        foreach (var silent in known.Where(target => target.All(probe => probe.Door != Door.UsbIp)))
        {
            yield return DoctorRow.Warning(
                DoctorChecks.ReachUsbIp,
                cluster.Of(from),
                cluster.Of(silent.Key),
                $"{cluster.Of(silent.Key)} does not say where it serves USB/IP: its usbipcd is older",
                $"upgrade usbipcd on {cluster.Of(silent.Key)}; its sessions go on");
        }
    }

    private static DoctorRow Reach(string from, string to, Door door, ImmutableArray<Probe> probes)
    {
        var (check, port) = door == Door.Cluster ? (DoctorChecks.ReachCluster, "cluster port") : (DoctorChecks.ReachUsbIp, "USB/IP port");
        var failures = probes.Where(probe => probe.Failure is not null).Select(probe => $"{probe.Endpoint}: {probe.Failure}");
        var failed = string.Join("; ", failures);
        if (probes[0].Failure is null)
            return DoctorRow.Ok(check, from, to, $"{from} reaches the {port} of {to} at {probes[0].Endpoint}");
        if (probes.FirstOrDefault(probe => probe.Failure is null) is { } works)
        {
            return DoctorRow.Warning(
                check, from, to, $"{from} reaches the {port} of {to} at {works.Endpoint} only, and tries another one first: {failed}",
                $"put the address that is to be used first into \"advertise\" of the configuration of {to}");
        }

        return DoctorRow.Error(
            check, from, to, $"{from} can't connect to the {port} of {to} ({failed})",
            $"let port {probes[0].Endpoint.Port} of {to} through for {from}: the firewall of {to} (nft list ruleset), those on the way, the "
                + $"route (on {from}: ip route get {probes[0].Endpoint.Host})"
                + (door == Door.UsbIp ? $"; or name an address that {from} reaches in \"advertise\" of the configuration of {to}" : ""));
    }

    private static ClockReading? ClockOf(NodeExamination result) => result switch
    {
        NodeExamination.Told told => told.Clock,
        NodeExamination.Unfinished unfinished => unfinished.Clock,
        NodeExamination.Busy busy => busy.Clock,
        _ => null,
    };

    private static string InWords(TimeSpan time) => time switch
    {
        { TotalSeconds: < 1 } => $"{time.TotalMilliseconds:0.#} ms",
        { TotalMinutes: < 2 } => $"{time.TotalSeconds:0.#} s",
        { TotalHours: < 2 } => $"{time.TotalMinutes:0} minutes",
        { TotalDays: < 2 } => $"{time.TotalHours:0} hours",
        _ => $"{time.TotalDays:0} days",
    };

    /// <summary>What the members are called.</summary>
    private sealed class Names(ClusterExamination examination)
    {
        private readonly ILookup<string, NodeName> _names =
            examination.Nodes.Nodes.Values.ToLookup(node => node.Entry.Address, node => node.Entry.Node, StringComparer.Ordinal);

        public string Self => examination.Nodes.Self.Value;

        public bool IsSelf(string address) => address == examination.Members.Self;

        public bool IsUnreachable(string address) => !examination.Members.IsReachable(address);

        public bool Contains(string address) => examination.Members.Contains(address);

        /// <summary>The name of a member; its host while it has not said one.</summary>
        public string Of(string address) =>
            IsSelf(address) ? Self : _names[address].Select(name => name.Value).FirstOrDefault() ?? ClusterAddress.Place(address).Host;
    }
}
