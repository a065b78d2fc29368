using UsbIpCluster.Control;

namespace UsbIpCluster.Doctor;

/// <summary>Settings that are allowed, and let in more people than somebody may have meant.</summary>
internal static class SettingsChecks
{
    private const string MakeCertificates =
        "usbipc ca init, then usbipc ca issue NODE..., copy each node's files to it, and name them in \"cluster.tls\" of its configuration";

    public static IEnumerable<DoctorRow> Judge(CheckedSettings settings)
    {
        yield return Cluster(settings);
        if (settings.AdmitsEverybody)
        {
            yield return DoctorRow.Warning(
                DoctorChecks.Insecure,
                settings.Node,
                "plainClients",
                "whoever reaches the USB/IP port may import devices without a lease (plainClients has all addresses)",
                "name the networks that are meant in \"plainClients\"; the cluster's nodes need no entry there");
        }
    }

    private static DoctorRow Cluster(CheckedSettings settings) => settings switch
    {
        { Tls: not null } => DoctorRow.Ok(DoctorChecks.Insecure, settings.Node, "cluster", "nodes speak mutual TLS to each other"),
        { IsAlone: true } => DoctorRow.Warning(
            DoctorChecks.Insecure,
            settings.Node,
            "cluster",
            "without certificates the cluster is served on loopback: no other host can join",
            MakeCertificates),
        _ => DoctorRow.Warning(
            DoctorChecks.Insecure,
            settings.Node,
            "cluster",
            "nodes speak without TLS: whoever reaches the cluster port can be a node (cluster.insecure)",
            MakeCertificates),
    };
}
