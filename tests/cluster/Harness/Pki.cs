using System.Text.Json.Nodes;
using UsbIpCluster.Certificates;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>A CA that was made as its users make it, with <c>usbipc ca</c>, in a folder of a lab.</summary>
internal sealed class Pki
{
    private Pki(string folder) => Folder = folder;

    /// <summary>Where it is.</summary>
    public string Folder { get; }

    /// <summary>Makes one.</summary>
    public static async Task<Pki> CreateAsync(Lab lab, string name = "pki")
    {
        var folder = Path.Combine(lab.Folder.FullName, name);
        await Command.SucceedAsync(Executables.Usbipc, "ca", "init", "--out", folder);
        return new Pki(folder);
    }

    /// <summary>The files of a node.</summary>
    public TlsFiles FilesOf(string node) => new(PathOf("ca.crt"), PathOf($"{node}.crt"), PathOf($"{node}.key"));

    /// <summary>Issues certificates to hosts, and configures their daemons for them.</summary>
    public async Task EquipAsync(params IEnumerable<LabHost> hosts)
    {
        foreach (var host in hosts)
        {
            await Command.SucceedAsync(Executables.Usbipc, "ca", "issue", host.Name, "--ca", Folder);
            Configure(host, FilesOf(host.Name));
        }
    }

    /// <summary>Makes a certificate that ended a day ago, which <c>usbipc</c> does not.</summary>
    public TlsFiles IssueExpired(string node)
    {
        var past = DateTimeOffset.UtcNow - CertificateAuthority.NodeLifetime - TimeSpan.FromDays(1);
        var files = FilesOf(node);

        // Its CA has to have been there at that time.
        PemFile.WriteAll(CertificateAuthority.Create(past).FilesAt(files.Authority, PathOf("ca.key")), replace: true);
        using var authority = CertificateAuthority.Read(Folder, past);
        PemFile.WriteAll(authority.Issue([NodeName.Parse(node)], past).FilesAt(files.Certificate, files.Key), replace: true);
        return files;
    }

    /// <summary>Configures a host's daemon for TLS.</summary>
    public static void Configure(LabHost host, TlsFiles files) => host.Configuration["cluster"] = new JsonObject
    {
        ["tls"] = new JsonObject { ["ca"] = files.Authority, ["certificate"] = files.Certificate, ["key"] = files.Key },
    };

    private string PathOf(string name) => Path.Combine(Folder, name);
}
