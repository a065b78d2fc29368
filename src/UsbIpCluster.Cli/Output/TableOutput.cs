using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Output;

/// <summary>Tables, where this run writes.</summary>
internal static class TableOutput
{
    /// <summary>How a table is to look here: on a terminal no wider than it.</summary>
    public static TableForm TableForm(this Surroundings surroundings, bool verbose = false) =>
        new(surroundings.OutIsTerminal ? surroundings.Width() : null, surroundings.Coloured, verbose);

    /// <summary>Writes a table that this command has laid out.</summary>
    public static void Write(this Table table, Surroundings surroundings) =>
        surroundings.RemarkLeftOut(table.Write(surroundings.Out, surroundings.TableForm()));

    /// <summary>Says what there was no room for.</summary>
    public static void RemarkLeftOut(this Surroundings surroundings, IReadOnlyList<string> headings)
    {
        if (headings.Count > 0)
            surroundings.Error.WriteLine(SafeText.Cut($"no room for {string.Join(", ", headings)}", surroundings.Width()));
    }
}
