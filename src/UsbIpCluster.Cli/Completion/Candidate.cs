using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Completion;

/// <summary>Something that a word on the command line could become.</summary>
/// <param name="Text">The whole word.</param>
/// <param name="Description">What it is, for shells that show it.</param>
internal sealed record Candidate(string Text, string? Description)
{
    /// <summary>Whether it can be typed as it is: names and serial numbers come from anywhere, and a shell must not act on them.</summary>
    public bool IsPlain => Text.Length > 0 && Text.All(c => char.IsAsciiLetterOrDigit(c) || "-_.:/=+,%@".Contains(c, StringComparison.Ordinal));

    /// <summary>As the shells' scripts read it: the word, a tab, what it is.</summary>
    public override string ToString() => $"{Text}\t{SafeText.Of(Description).Replace('\t', ' ')}";
}
