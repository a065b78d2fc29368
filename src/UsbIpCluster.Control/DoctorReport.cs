using System.Text.Json.Serialization;

namespace UsbIpCluster.Control;

/// <summary>Examines this node, and how the nodes of the cluster reach each other.</summary>
/// <param name="PatienceSeconds">How long it may take: what is not known by then is told as such. 1 to 10 s; null: 10 s.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DoctorParams(double? PatienceSeconds = null) : IControlParams
{
    /// <summary>The least time for an examination, in seconds.</summary>
    public const double Least = 1;

    /// <summary>The most, and what it takes at the most when nothing is said.</summary>
    public const double Most = 10;

    /// <inheritdoc/>
    public string? FindProblem() =>
        PatienceSeconds is { } patience && patience is not (>= Least and <= Most)
            ? $"patienceSeconds is not between {Least} and {Most}"
            : null;
}

/// <summary>What an examination has found.</summary>
/// <param name="Healthy">Whether nothing is wrong: no check is an error. Warnings are no errors.</param>
/// <param name="Checks">Each check, as often as there is something to look at. Those of a group begin alike up to the dot.</param>
public sealed record DoctorReport(bool Healthy, IReadOnlyList<DoctorRow> Checks)
{
    /// <summary>The report of these checks.</summary>
    public static DoctorReport Of(IReadOnlyList<DoctorRow> checks) =>
        new(checks.All(row => row.Result != DoctorResults.Error), checks);
}

/// <summary>What one check has found.</summary>
/// <param name="Check">Which one, of <see cref="DoctorChecks"/>.</param>
/// <param name="Node">The node that was looked at, or looked from.</param>
/// <param name="Target">What of it, or which other node; null when the check has only one thing to look at.</param>
/// <param name="Result">One of <see cref="DoctorResults"/>.</param>
/// <param name="What">What was found, one line.</param>
/// <param name="Hint">What to do about it, one line; null when nothing is to be done.</param>
public sealed record DoctorRow(string Check, string Node, string? Target, string Result, string What, string? Hint = null)
{
    /// <summary>As it should be.</summary>
    public static DoctorRow Ok(string check, string node, string? target, string what) => new(check, node, target, DoctorResults.Ok, what);

    /// <summary>It works, and somebody should look at it.</summary>
    public static DoctorRow Warning(string check, string node, string? target, string what, string hint) =>
        new(check, node, target, DoctorResults.Warning, what, hint);

    /// <summary>Something does not work.</summary>
    public static DoctorRow Error(string check, string node, string? target, string what, string hint) =>
        new(check, node, target, DoctorResults.Error, what, hint);
}

/// <summary>How a check can end.</summary>
public static class DoctorResults
{
    /// <summary>As it should be, or not needed here.</summary>
    public const string Ok = "ok";

    /// <summary>It works, and somebody should look at it. The exit code is 0 all the same.</summary>
    public const string Warning = "warning";

    /// <summary>Something that this node is there for does not work. The exit code is 1.</summary>
    public const string Error = "error";
}

/// <summary>The ids of the checks; stable within a major version.</summary>
public static class DoctorChecks
{
    /// <summary>Whether a daemon answers at the socket.</summary>
    public const string DaemonAnswers = "daemon.answers";

    /// <summary>Whether command and daemon are of one version.</summary>
    public const string DaemonVersion = "daemon.version";

    /// <summary>Whether the configuration file can be read; only where no daemon answers.</summary>
    public const string Configuration = "daemon.configuration";

    /// <summary>Whether the daemon has examined the nodes; only where it has not.</summary>
    public const string Examination = "daemon.examination";

    /// <summary>A kernel module, the target: usbip-host, vhci-hcd or tls.</summary>
    public const string Module = "kernel.module";

    /// <summary>The ports of the kernel's host controllers, the target: high-speed or super-speed.</summary>
    public const string Ports = "kernel.ports";

    /// <summary>Whether uevents arrive.</summary>
    public const string Uevents = "kernel.uevents";

    /// <summary>What the process may do.</summary>
    public const string Process = "rights.process";

    /// <summary>The group of the control socket.</summary>
    public const string Group = "rights.group";

    /// <summary>Who listens on the USB/IP port.</summary>
    public const string Listener = "usbip.listener";

    /// <summary>The state folder: there, its mode and owner, writable.</summary>
    public const string State = "state.folder";

    /// <summary>Whether it has room.</summary>
    public const string Space = "state.space";

    /// <summary>Files of it that could not be read once, and were put aside.</summary>
    public const string Broken = "state.broken";

    /// <summary>The node's certificate, key and CA: there, belonging together, with the node's name.</summary>
    public const string Certificate = "certificate.files";

    /// <summary>How long they hold.</summary>
    public const string Expiry = "certificate.expiry";

    /// <summary>Settings that let strangers in.</summary>
    public const string Insecure = "settings.insecure";

    /// <summary>Whether this machine's clock is synchronized.</summary>
    public const string ClockSynchronized = "clock.synchronized";

    /// <summary>How far the clock of another node, the target, is from this one's.</summary>
    public const string ClockSkew = "clock.skew";

    /// <summary>Whether a seed, the target, is there.</summary>
    public const string Seed = "cluster.seed";

    /// <summary>Whether another node, the target, lets itself be examined.</summary>
    public const string NodeAnswers = "cluster.node";

    /// <summary>Whether the node can connect to another one's cluster port.</summary>
    public const string ReachCluster = "reach.cluster";

    /// <summary>Whether the node can connect to another one's USB/IP port.</summary>
    public const string ReachUsbIp = "reach.usbip";
}
