namespace UsbIpCluster.Cli;

/// <summary>What a run was given of the options that every command takes.</summary>
/// <param name="Json">Whether output is for programs.</param>
/// <param name="Verbose">Whether more is shown.</param>
/// <param name="Timeout">How long the daemon may take; null: as long as is usual.</param>
/// <param name="Socket">The daemon's socket; null: the usual one.</param>
internal sealed record GlobalValues(bool Json = false, bool Verbose = false, TimeSpan? Timeout = null, string? Socket = null);
