using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace UsbIpCluster.Certificates;

/// <summary>Who a node is, and whom it believes: its files, read and checked against each other.</summary>
public sealed class NodeIdentity
{
    private NodeIdentity(X509Certificate2 certificate, ClusterTrust trust)
    {
        Certificate = certificate;
        Trust = trust;
        Context = SslStreamCertificateContext.Create(certificate, null, offline: true);
        Ends = trust.EndOf(certificate);
    }

    /// <summary>The node's certificate, with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>The same, as TLS takes it.</summary>
    public SslStreamCertificateContext Context { get; }

    /// <summary>Whom it believes.</summary>
    public ClusterTrust Trust { get; }

    /// <summary>When the certificate ends, or its CA's if that is sooner.</summary>
    public DateTimeOffset Ends { get; }

    /// <summary>Reads the files of a node.</summary>
    /// <exception cref="CertificateException">One of them is missing or wrong, or they do not fit each other or the node.</exception>
    public static NodeIdentity Load(TlsFiles files, NodeName node, DateTimeOffset now)
    {
        var authorities = PemFile.ReadCertificates(files.Authority);
        if (authorities.Any(authority => !CertificateAuthority.IsAuthority(authority)))
        {
            throw new CertificateException(
                $"{files.Authority} is not the certificate of a CA",
                $"it is to be the {CertificateAuthority.CertificateFile} that usbipc ca init made");
        }

        var certificate = PemFile.ReadPair(files.Certificate, files.Key);
        var trust = new ClusterTrust(authorities);
        foreach (var role in Enum.GetValues<CertificateRole>())
        {
            if (trust.WhatIsWrong(certificate, role, now) is { } wrong)
                throw new CertificateException($"{files.Certificate} {wrong} (the CA is {files.Authority})", RenewalOf(node));
        }

        if (!NodeCertificate.NamesOf(certificate).Contains(node))
        {
            throw new CertificateException(
                $"{files.Certificate} shows {NodeCertificate.Describe(certificate)}, and this node is {node}",
                $"usbipc ca issue {node} makes one for it; or name the node as its certificate does");
        }

        return new NodeIdentity(certificate, trust);
    }

    /// <summary>What to do for a new certificate.</summary>
    public static string RenewalOf(NodeName node) => $"usbipc ca renew {node}, where the CA is, makes a new one; copy it and its key here";
}
