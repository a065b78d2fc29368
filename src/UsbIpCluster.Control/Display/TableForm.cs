using System.Text.Json.Serialization;

namespace UsbIpCluster.Control.Display;

/// <summary>How a table is to look.</summary>
/// <param name="Width">No line is wider, in columns of a terminal: 1 to 65535; null: as wide as they must be.</param>
/// <param name="Coloured">With escape sequences (ECMA-48, SGR) for headings and states.</param>
/// <param name="Verbose">With all columns that there are.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record TableForm(int? Width = null, bool Coloured = false, bool Verbose = false)
{
    /// <summary>What is wrong with it; null when nothing is.</summary>
    public string? FindProblem() => Width is < 1 or > ushort.MaxValue ? $"table.width is 1 to {ushort.MaxValue}" : null;
}

/// <summary>A table, written.</summary>
/// <param name="Text">Its lines, each with its end; empty when there are no rows.</param>
/// <param name="LeftOut">The headings of the columns that there was no room for.</param>
public sealed record TableText(string Text, IReadOnlyList<string> LeftOut);
