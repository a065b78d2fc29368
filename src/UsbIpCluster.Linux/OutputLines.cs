using System.Collections.Immutable;
using System.Text;

namespace UsbIpCluster.Linux;

/// <summary>
/// The first lines of a program's output, each no longer than <see cref="Text.MaxLength"/>; of the rest it is counted how many there are.
/// </summary>
internal sealed class OutputLines(int max)
{
    private readonly ImmutableArray<string>.Builder _lines = ImmutableArray.CreateBuilder<string>();
    private readonly List<byte> _line = [];

    /// <summary>How many lines were not kept.</summary>
    public int LeftOut { get; private set; }

    /// <summary>Takes what the program has written.</summary>
    public void Add(ReadOnlySpan<byte> output)
    {
        foreach (var value in output)
        {
            if (value == '\n')
                EndLine();
            else if (_line.Count < 4 * Text.MaxLength)
                _line.Add(value);
        }
    }

    /// <summary>The lines; a last one without its end is one, too.</summary>
    public ImmutableArray<string> Take()
    {
        EndLine();
        return _lines.ToImmutable();
    }

    private void EndLine()
    {
        var line = Text.PrintableOrNull(Encoding.UTF8.GetString([.. _line]));
        _line.Clear();
        if (line is null)
            return;
        if (_lines.Count < max)
            _lines.Add(line);
        else
            LeftOut++;
    }
}
