using System.Globalization;
using System.Text;

namespace UsbIpCluster.Node;

/// <summary>Writes metrics in the text format of Prometheus, version 0.0.4.</summary>
internal sealed class Exposition
{
    /// <summary>The format's media type.</summary>
    public const string MediaType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    /// <summary>Begins a family of samples.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">counter, gauge or histogram.</param>
    /// <param name="help">What it is, in words.</param>
    public Exposition Family(string name, string type, string help)
    {
        _text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", "\\\\").Replace("\n", "\\n")).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        return this;
    }

    /// <summary>A sample.</summary>
    public Exposition Sample(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(name);
        for (var i = 0; i < labels.Length; i++)
            _text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"").Append(EscapeLabel(labels[i].Value)).Append('"');
        _text.Append(labels.IsEmpty ? " " : "} ").Append(Format(value)).Append('\n');
        return this;
    }

    /// <summary>A family of one sample.</summary>
    public Exposition One(string name, string type, string help, double value) => Family(name, type, help).Sample(name, value);

    /// <summary>The samples of a histogram with one label.</summary>
    public Exposition Histogram(string name, Histogram histogram, string label, string value)
    {
        var (atMost, sum) = histogram.Read();
        for (var i = 0; i < atMost.Length; i++)
        {
            var bound = i < Node.Histogram.Bounds.Length ? Node.Histogram.Bounds[i] : double.PositiveInfinity;
            Sample($"{name}_bucket", atMost[i], (label, value), ("le", Format(bound)));
        }

        return Sample($"{name}_sum", sum, (label, value)).Sample($"{name}_count", atMost[^1], (label, value));
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    private static string EscapeLabel(string value) => value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");

    private static string Format(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}
