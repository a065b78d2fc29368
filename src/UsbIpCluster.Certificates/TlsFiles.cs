namespace UsbIpCluster.Certificates;

/// <summary>The files that make a node one of its cluster, as PEM.</summary>
/// <param name="Authority">The certificates of the cluster's CA: one, or two while one takes the other's place.</param>
/// <param name="Certificate">The node's certificate.</param>
/// <param name="Key">The key that belongs to it.</param>
public sealed record TlsFiles(string Authority, string Certificate, string Key);
