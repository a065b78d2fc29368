using System.CommandLine;
using System.CommandLine.Help;

namespace UsbIpCluster.Cli.Tests;

/// <summary>A run has the one command that is called, or all of them with their help.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public void Each_command_is_called_by_its_own_name() =>
        Assert.Equal([.. CommandLine.Names, "complete"], CommandLine.Create(new GlobalOptions()).Subcommands.Select(command => command.Name));

    [Fact]
    public void Who_asks_for_help_gets_all_of_it()
    {
        var help = new HelpOption();
        Assert.Equal(CommandLine.HelpNames.Order(), help.Aliases.Append(help.Name).Order());
    }

    [Fact]
    public async Task Each_command_has_help()
    {
        foreach (var name in CommandLine.Names)
        {
            var help = await CommandRun.AloneAsync(name, "--help");
            Assert.Equal((0, ""), (help.ExitCode, help.Error));
            Assert.Contains($" {name} ", help.Out, StringComparison.Ordinal);
            Assert.Contains("--socket", help.Out, StringComparison.Ordinal);
        }
    }
}
