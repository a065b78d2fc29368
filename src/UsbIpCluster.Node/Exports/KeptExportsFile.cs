using System.Collections.Immutable;

namespace UsbIpCluster.Node;

/// <summary>What <c>usbipc bind</c> and <c>unbind</c> left behind, in the state folder.</summary>
internal sealed class KeptExportsFile(StateFolder state)
{
    private readonly StateFile<KeptExports> _file = new(state, "exports.json");

    /// <summary>What was kept. A line that this version does not understand is left out.</summary>
    /// <param name="report">Told of what can't be used.</param>
    public ImmutableArray<KeptExport> Read(Action<string> report)
    {
        var kept = _file.Read(out var problem);
        if (problem is not null)
            report(problem);
        return kept is null ? [] : [.. kept.Exports.Select(line => Read(line, report)).OfType<KeptExport>()];
    }

    /// <summary>Writes it; completes when it is on the disk.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It could not be written.</exception>
    public Task WriteAsync(ImmutableArray<KeptExport> kept) => _file.WriteAsync(new KeptExports([.. kept.Select(Write)]));

    private static KeptExport? Read(KeptExportLine? line, Action<string> report)
    {
        if (line is null)
        {
            report("exports.json: an empty line is left out");
            return null;
        }

        try
        {
            if (!Selector.TryParse(line.Match, out var match, out var problem))
                throw new FormatException(problem);
            if (line.Allow is null != line.Deny is null)
                throw new FormatException("allow and deny go together");
            var access = line is { Allow: { } allow, Deny: { } deny } ? new Access(AccessRule.Parse(allow), AccessRule.Parse(deny)) : null;
            return new KeptExport(match, line.Export, line.Name, access, line.Protected, line.All);
        }
        catch (FormatException error)
        {
            report($"exports.json: '{line.Match}' is left out: {error.Message}");
            return null;
        }
    }

    private static KeptExportLine Write(KeptExport export) => new(
        export.Match.Text,
        export.Export,
        export.Name,
        export.Access is { } allowed ? [.. allowed.Allow.Select(rule => rule.ToString())] : null,
        export.Access is { } denied ? [.. denied.Deny.Select(rule => rule.ToString())] : null,
        export.Protected,
        export.All);
}
