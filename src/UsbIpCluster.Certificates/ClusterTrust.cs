using System.Security.Cryptography.X509Certificates;

namespace UsbIpCluster.Certificates;

/// <summary>
/// Whom a node believes: certificates that the cluster's own CA has issued itself. The machine's CAs count for nothing, and nothing is ever
/// downloaded to find out.
/// </summary>
public sealed class ClusterTrust
{
    private const X509ChainStatusFlags OfAnotherAuthority = X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot
        | X509ChainStatusFlags.NotSignatureValid | X509ChainStatusFlags.InvalidBasicConstraints | X509ChainStatusFlags.Cyclic;

    private readonly X509Certificate2Collection _authorities;

    /// <param name="authorities">The certificates of the CA.</param>
    public ClusterTrust(X509Certificate2Collection authorities) => _authorities = authorities;

    /// <summary>How a chain is built for a certificate that is shown at this end of a connection.</summary>
    public X509ChainPolicy PolicyFor(CertificateRole role)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(_authorities);
        policy.ApplicationPolicy.Add(NodeCertificate.UsageOf(role));
        return policy;
    }

    /// <summary>Why a certificate is not believed, in words that go on after its owner's name; null when it is.</summary>
    /// <param name="certificate">What was shown; null for nothing.</param>
    /// <param name="role">At which end.</param>
    /// <param name="now">When.</param>
    public string? WhatIsWrong(X509Certificate2? certificate, CertificateRole role, DateTimeOffset now)
    {
        if (certificate is null)
            return "shows no certificate";
        using var chain = new X509Chain { ChainPolicy = PolicyFor(role) };
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.Build(certificate);
        var flags = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, status) => all | status.Status);
        var shown = $"shows {NodeCertificate.Describe(certificate)}";
        if ((flags & OfAnotherAuthority) != X509ChainStatusFlags.NoError)
            return $"{shown} that the cluster's CA has not issued";
        if (NodeCertificate.EndOf(certificate) is var end && now > end)
            return $"{shown} that has expired on {NodeCertificate.Format(end)}";
        if (NodeCertificate.BeginOf(certificate) is var begin && now < begin)
            return $"{shown} that is not valid before {NodeCertificate.Format(begin)}; is a clock wrong?";
        if (flags.HasFlag(X509ChainStatusFlags.NotTimeValid))
            return $"{shown}, whose CA has expired";
        if (flags.HasFlag(X509ChainStatusFlags.NotValidForUsage) || !NodeCertificate.IsFor(certificate, role))
            return $"{shown} that is not for TLS as a {role.ToString().ToLowerInvariant()} (key usage)";
        return flags == X509ChainStatusFlags.NoError ? null : $"{shown} that can't be used: {flags}";
    }

    /// <summary>Why who shows a certificate is no node of the cluster, in words that go on after its name; null when it is one.</summary>
    /// <param name="certificate">What was shown; null for nothing.</param>
    /// <param name="role">At which end.</param>
    /// <param name="now">When.</param>
    public string? WhyNoNode(X509Certificate2? certificate, CertificateRole role, DateTimeOffset now) =>
        WhatIsWrong(certificate, role, now)
        // The CA may have issued certificates that are for no node at all.
        ?? (NodeCertificate.NamesOf(certificate!).IsEmpty ? $"shows {NodeCertificate.Describe(certificate!)}" : null);

    /// <summary>When the first of the CA's certificates ends that is needed for this one.</summary>
    public DateTimeOffset EndOf(X509Certificate2 certificate) => _authorities
        .Where(authority => authority.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData))
        .Select(NodeCertificate.EndOf)
        .Append(NodeCertificate.EndOf(certificate))
        .Min();
}
