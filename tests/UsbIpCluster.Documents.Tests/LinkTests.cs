namespace UsbIpCluster.Documents.Tests;

/// <summary>What a document points at is there.</summary>
public sealed class LinkTests
{
    private static readonly string[] TopFolders = ["src/", "tests/", "docs/", "config/", "packaging/", ".ci/"];

    public static TheoryData<string> Documents => [.. Repository.Documents()];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_relative_link_leads_to_a_file_and_a_heading(string document)
    {
        var wrong = LinksOf(Repository.Read(document)).Where(link => !IsElsewhere(link) && !Leads(document, link)).ToArray();
        Assert.True(wrong.Length == 0, $"{document} has links that lead nowhere: {string.Join(", ", wrong)}");
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_path_that_is_named_exists(string document)
    {
        var missing = PathsOf(Repository.Read(document)).Where(path => !Path.Exists(Repository.PathOf(path))).Distinct().ToArray();
        Assert.True(missing.Length == 0, $"{document} names what is not there: {string.Join(", ", missing)}");
    }

    [Theory]
    [InlineData("see [a](b.md#c) and [d](e)", "b.md#c e")]
    [InlineData("`[no](link)`", "")]
    public void Links_are_found(string text, string links) => Assert.Equal(links, string.Join(' ', LinksOf(text)));

    [Theory]
    [InlineData("`tests/run cluster`, src/A.B/C.cs.", "tests/run src/A.B/C.cs")]
    [InlineData("tests/{a,b} src/*.cs https://x/src/y docs/", "docs/")]
    public void Paths_are_found(string text, string paths) => Assert.Equal(paths, string.Join(' ', PathsOf(text)));

    [Theory]
    [InlineData("## What is `x`, then?", "what-is-x-then")]
    [InlineData("# The USB/IP port (3240)", "the-usbip-port-3240")]
    public void Headings_are_named_as_GitHub_does(string heading, string anchor) => Assert.Equal([anchor], AnchorsOf(heading));

    private static bool IsElsewhere(string link) => link.Contains("://", StringComparison.Ordinal);

    private static bool Leads(string document, string link)
    {
        var parts = link.Split('#', 2);
        var target = parts[0].Length == 0 ? document : Path.Combine(Path.GetDirectoryName(document)!, parts[0]);
        return Path.Exists(Repository.PathOf(target)) && (parts.Length == 1 || AnchorsOf(Repository.Read(target)).Contains(parts[1]));
    }

    private static IEnumerable<string> LinksOf(string text)
    {
        var prose = string.Join(' ', text.Split('`').Where((_, i) => i % 2 == 0));
        return prose.Split("](").Skip(1).Select(rest => rest.Split(')')[0]);
    }

    private static IEnumerable<string> PathsOf(string text) => text
        .Split([' ', '\n', '`', '(', ')', '|', '"', '\'', ',', ';', '<', '>'], StringSplitOptions.RemoveEmptyEntries)
        .Where(word => TopFolders.Any(folder => word.StartsWith(folder, StringComparison.Ordinal)) && word.All(IsOfPath))
        .Select(word => word.TrimEnd('.', ':'));

    private static bool IsOfPath(char c) => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '-' or '_' or ':';

    private static IEnumerable<string> AnchorsOf(string text) => text.Split('\n')
        .Where(line => line.StartsWith('#'))
        .Select(line => line.TrimStart('#').Trim().ToLowerInvariant())
        .Select(heading => string.Concat(heading.Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-'));
}
