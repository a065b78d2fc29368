namespace UsbIpCluster.Node;

/// <summary>Where a daemon's options come from, to be read again.</summary>
/// <param name="named">The file that was named; null for <see cref="OptionsReader.DefaultFile"/>, which need not exist.</param>
/// <param name="commandLine">What the command line says, by key.</param>
internal sealed class OptionsSource(string? named, IEnumerable<KeyValuePair<string, string?>> commandLine)
{
    private readonly KeyValuePair<string, string?>[] _commandLine = [.. commandLine];
    private string? _file = named;

    /// <summary>Reads the options. A file that was there once has to be there: without it, everything would have its default.</summary>
    /// <exception cref="ConfigurationException">Something is wrong, or unknown.</exception>
    public NodeOptions Read()
    {
        if (_file is null && File.Exists(OptionsReader.DefaultFile))
            _file = OptionsReader.DefaultFile;
        return OptionsReader.Read(_file, _commandLine);
    }
}
