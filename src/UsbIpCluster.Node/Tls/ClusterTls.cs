using System.Security.Cryptography;
using UsbIpCluster.Certificates;

namespace UsbIpCluster.Node;

/// <summary>What a look at the files of TLS has brought.</summary>
internal abstract record TlsLook
{
    private TlsLook()
    {
    }

    /// <summary>Nothing new.</summary>
    public sealed record Unchanged : TlsLook;

    /// <summary>New files, which hold from now on.</summary>
    public sealed record Renewed : TlsLook;

    /// <summary>New files that can't be used; those from before stay in use. Said once.</summary>
    public sealed record Broken(string Why) : TlsLook;
}

/// <summary>
/// This node's identity as its files have it, and what its peers have shown. It outlives the actor systems. Every connection takes the
/// identity that holds when it begins.
/// </summary>
internal sealed class ClusterTls
{
    private readonly TlsFiles _files;
    private volatile NodeIdentity _current;
    private string _taken;
    private string? _doubted;
    private string? _refused;

    private ClusterTls(TlsFiles files, NodeName node, DateTimeOffset now)
    {
        (_files, Node) = (files, node);
        _taken = Fingerprint();
        _current = NodeIdentity.Load(files, node, now);
    }

    /// <summary>This node.</summary>
    public NodeName Node { get; }

    /// <summary>Who it is now.</summary>
    public NodeIdentity Current => _current;

    /// <summary>Which names its peers' certificates have.</summary>
    public PeerNames Names { get; } = new();

    /// <summary>Reads the files.</summary>
    /// <exception cref="ConfigurationException">They can't be used.</exception>
    public static ClusterTls Load(TlsFiles files, NodeName node, DateTimeOffset now)
    {
        try
        {
            return new ClusterTls(files, node, now);
        }
        catch (CertificateException error)
        {
            throw new ConfigurationException($"cluster.tls: {error.Message}; {error.Hint}", error);
        }
    }

    /// <summary>Looks at the files again, and takes them when they are new and good. For one caller at a time.</summary>
    public TlsLook Look(DateTimeOffset now)
    {
        var seen = Fingerprint();
        if (seen == _taken)
        {
            _doubted = _refused = null;
            return new TlsLook.Unchanged();
        }

        try
        {
            _current = NodeIdentity.Load(_files, Node, now);
            _taken = seen;
            _doubted = _refused = null;
            return new TlsLook.Renewed();
        }
        catch (CertificateException error)
        {
            return Doubt(seen, error);
        }
    }

    // Three files are never replaced in one moment: what is still wrong at the next look is wrong.
    private TlsLook Doubt(string seen, CertificateException error)
    {
        if (_refused == seen)
            return new TlsLook.Unchanged();
        if (_doubted != seen)
        {
            _doubted = seen;
            return new TlsLook.Unchanged();
        }

        _refused = seen;
        return new TlsLook.Broken($"{error.Message}; {error.Hint}");
    }

    private string Fingerprint() => string.Join(' ', new[] { _files.Authority, _files.Certificate, _files.Key }.Select(Fingerprint));

    private static string Fingerprint(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return Convert.ToHexString(SHA256.HashData(file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.GetType().Name;
        }
    }
}
