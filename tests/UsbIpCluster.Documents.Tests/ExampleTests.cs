using System.CommandLine;
using UsbIpCluster.Cli;

namespace UsbIpCluster.Documents.Tests;

/// <summary>What a document shows to be typed is understood: every command, option and argument of it.</summary>
public sealed class ExampleTests
{
    private const string Program = "usbipc";
    private const string BareWait = "--wait";

    public static TheoryData<string> Examples =>
        [.. Repository.Documents().SelectMany(document => ExamplesOf(Repository.Read(document))).Distinct()];

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_is_understood(string line) => Assert.Empty(ErrorsOf(line));

    [Fact]
    public void What_is_not_understood_is_found()
    {
        Assert.NotEmpty(ErrorsOf("attach serial=S --wait 30s"));
        Assert.NotEmpty(ErrorsOf("attach serial=S --forever"));
        Assert.NotEmpty(ErrorsOf("attaches serial=S"));
    }

    [Theory]
    [InlineData("text\n\n    lab1$  usbipc list -v   # all\n    usbipc port | less\n", "list -v; port")]
    [InlineData("    usbipc list && reboot\n", "list")]
    [InlineData("usbipc list\n", "")]
    [InlineData("    usbipc run serial=S -- ./test.sh\n    usbipc list \"$S\"\n", "")]
    public void Examples_are_found(string text, string examples) => Assert.Equal(examples, string.Join("; ", ExamplesOf(text)));

    private static IEnumerable<string> ErrorsOf(string line)
    {
        // A bare one is the command's own, which writes it out before it is parsed.
        var words = line.Split(' ').Select(word => word == BareWait ? $"{BareWait}=1s" : word).ToArray();
        return CommandLine.Create(new GlobalOptions()).Parse(words).Errors.Select(error => error.Message);
    }

    // Lines of code only, without the prompt, up to what is the shell's; what a shell fills in, and what another program gets, is left out.
    private static IEnumerable<string> ExamplesOf(string text) => text.Split('\n')
        .Where(line => line.StartsWith("    ", StringComparison.Ordinal))
        .Select(line => line.Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Select(words => words is [[.., '$' or '#'], ..] ? words[1..] : words)
        .Where(words => words is [Program, _, ..] && !words.Contains("--") && !words.Any(word => word.AsSpan().IndexOfAny("$\"'<") >= 0))
        .Select(words => string.Join(' ', words.Skip(1).TakeWhile(word => word is not ("#" or "|" or "||" or "&&" or ">" or ";"))))
        .Where(line => line.Length > 0);
}
