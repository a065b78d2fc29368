using System.CommandLine;
using System.CommandLine.Help;
using UsbIpCluster.Cli;

namespace UsbIpCluster.Documents.Tests;

/// <summary>The manual pages have every command and every option. That they are well-formed is checked in tests/cluster.</summary>
public sealed class ManualTests
{
    private static readonly string Page = Repository.Read("docs/man/usbipc.1");
    private static readonly RootCommand Root = Cli.CommandLine.Create(new GlobalOptions());

    public static TheoryData<string> Commands => [.. CommandsOf(Root, "").Select(each => each.Name)];

    [Theory]
    [MemberData(nameof(Commands))]
    public void A_command_has_a_section_with_all_of_its_options(string command)
    {
        var section = SectionOf($".Ss usbipc {command}\n");
        Assert.True(section is not null, $"docs/man/usbipc.1 has no section '.Ss usbipc {command}'");
        var options = CommandsOf(Root, "").Single(each => each.Name == command).Command.Options.Where(option => !option.Hidden);
        foreach (var name in options.SelectMany(NamesOf))
            AssertHas(section, name, $"usbipc {command}");
    }

    [Fact]
    public void The_options_of_all_commands_are_there()
    {
        var section = SectionOf(".Sh OPTIONS\n");
        foreach (var name in Root.Options.Where(option => option is { Recursive: true } and not HelpOption).SelectMany(NamesOf))
            AssertHas(section!, name, "every command");
    }

    [Fact]
    public async Task The_options_of_the_daemon_are_there()
    {
        var page = Repository.Read("docs/man/usbipcd.8");
        foreach (var name in await OptionsOfDaemonAsync())
            AssertHas(page, name, "usbipcd");
    }

    [Fact]
    public void Every_exit_code_is_there()
    {
        foreach (var code in Enumerable.Range(0, 7))
            Assert.Contains($"\n.It {code}\n", Page, StringComparison.Ordinal);
    }

    private static async Task<string[]> OptionsOfDaemonAsync()
    {
        var (before, output) = (Console.Out, new StringWriter());
        Console.SetOut(output);
        try
        {
            Assert.Equal(0, await Node.CommandLine.RunAsync(["--help"]));
        }
        finally
        {
            Console.SetOut(before);
        }

        string[] options =
        [
            .. output.ToString().Split('\n').Select(line => line.Trim().Split(' ', ',')[0])
                .Where(word => word.StartsWith("--", StringComparison.Ordinal)),
        ];
        Assert.Contains("--config", options);
        return [.. options.Except(["--version", "--help"])];
    }

    private static string? SectionOf(string heading)
    {
        var start = Page.IndexOf(heading, StringComparison.Ordinal);
        if (start < 0)
            return null;
        var rest = Page[(start + heading.Length)..];
        return string.Join('\n', rest.Split('\n').TakeWhile(line => line is not ['.', 'S', 's' or 'h', ..]));
    }

    // Of an option --wait stands there "Fl -wait", of -r "Fl r".
    private static void AssertHas(string section, string option, string command)
    {
        var words = section.Split(' ', '\n');
        var isThere = words.Zip(words.Skip(1)).Any(pair => pair == ("Fl", option[1..]));
        Assert.True(isThere, $"the manual page lacks the option {option} of {command}");
    }

    private static IEnumerable<string> NamesOf(Option option) => [option.Name, .. option.Aliases];

    private static IEnumerable<(string Name, Command Command)> CommandsOf(Command command, string before) =>
        command.Subcommands.Where(each => !each.Hidden).SelectMany(each =>
            (IEnumerable<(string, Command)>)
            [
                .. each is CliCommand ? [($"{before}{each.Name}", each)] : Array.Empty<(string, Command)>(),
                .. CommandsOf(each, $"{before}{each.Name} "),
            ]);
}
