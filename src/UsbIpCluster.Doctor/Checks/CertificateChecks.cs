using UsbIpCluster.Certificates;
using UsbIpCluster.Control;

namespace UsbIpCluster.Doctor;

/// <summary>The node's certificate, its key and the CA.</summary>
internal static class CertificateChecks
{
    /// <summary>How long before its end a certificate is told of, as the daemon does it.</summary>
    public static readonly TimeSpan WarnBefore = TimeSpan.FromDays(30);

    public static IEnumerable<DoctorRow> Run(CheckedSettings settings, DaemonFacts? daemon, DateTimeOffset now)
    {
        if (settings.Tls is not { } files)
            return [];
        if (!NodeName.TryParse(settings.Node, out var node))
        {
            return
            [
                DoctorRow.Error(
                    DoctorChecks.Certificate,
                    settings.Node,
                    null,
                    $"'{settings.Node}' is no node's name",
                    "name the node with \"node\" in the configuration"),
            ];
        }

        try
        {
            var identity = NodeIdentity.Load(files, node, now);
            return
            [
                DoctorRow.Ok(
                    DoctorChecks.Certificate,
                    settings.Node,
                    files.Certificate,
                    $"{files.Certificate} is for {node}, and of the CA {files.Authority}"),
                Expiry(settings.Node, files.Certificate, node, identity.Ends, daemon?.Ends, now),
            ];
        }
        catch (CertificateException error)
        {
            // The daemon goes on with what it has read before, until it is restarted.
            var what = daemon is null ? error.Message : $"{error.Message}; usbipcd goes on with what it has read before, until it ends";
            return [DoctorRow.Error(DoctorChecks.Certificate, settings.Node, files.Certificate, what, error.Hint)];
        }
    }

    /// <summary>Judges how long they hold: the files, or what the daemon uses if that ends earlier.</summary>
    public static DoctorRow Expiry(string owner, string file, NodeName node, DateTimeOffset files, DateTimeOffset? used, DateTimeOffset now)
    {
        var ends = used < files ? used.Value : files;
        var left = ends - now;
        var on = NodeCertificate.Format(ends);
        return left switch
        {
            _ when left <= TimeSpan.Zero => DoctorRow.Error(
                DoctorChecks.Expiry,
                owner,
                file,
                $"the certificate of {node}, or its CA's, has ended on {on}: no node speaks to it",
                NodeIdentity.RenewalOf(node)),
            _ when left < WarnBefore => DoctorRow.Warning(
                DoctorChecks.Expiry,
                owner,
                file,
                $"the certificate of {node}, or its CA's, ends in {left.TotalDays:0} days, on {on}",
                NodeIdentity.RenewalOf(node)),
            _ => DoctorRow.Ok(DoctorChecks.Expiry, owner, file, $"the certificate of {node} holds until {on}"),
        };
    }
}
