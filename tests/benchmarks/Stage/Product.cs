namespace UsbIpCluster.Benchmarks;

/// <summary>The programs, published as their users publish them.</summary>
/// <param name="Folder">Where they are.</param>
internal sealed record Product(string Folder)
{
    /// <summary>The daemon.</summary>
    public string Usbipcd => Path.Combine(Folder, "usbipcd");

    /// <summary>The command.</summary>
    public string Usbipc => Path.Combine(Folder, "usbipc");
}
