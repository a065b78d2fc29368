using System.Diagnostics;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;
using UsbIpCluster.Testing;
using static UsbIpCluster.Testing.ScriptedHandler;

namespace UsbIpCluster.Cli.Tests;

public sealed class CompletionTests
{
    [Theory]
    [InlineData("att", "attach")]
    [InlineData("nodes re", "remove")]
    [InlineData("--js", "--json")]
    [InlineData("attach --o", "--once")]
    [InlineData("attach --js", "--json")]
    [InlineData("--json attach --o", "--once")]
    [InlineData("completion f", "fish")]
    [InlineData("complet", "completion")]
    [InlineData("attach serial=S", "serial=S-1")]
    [InlineData("attach -r lab9 lab1/", "lab1/1-1.2")]
    [InlineData("--timeout 5s attach name=", "name=desk")]
    [InlineData("attach --wait ser", "serial=S-1")]
    [InlineData("run --wait serial=S-1 name=", "name=desk")]
    [InlineData("--socket {socket} attach name=", "name=desk")]
    [InlineData("attach --socket={socket} name=", "name=desk")]
    [InlineData("list lab22/", "lab22/2-1")]
    [InlineData("bind ", "name=desk,2-1")]
    [InlineData("unbind serial", "serial=S-1")]
    [InlineData("detach ", "a1,a2")]
    [InlineData("nodes remove ", "lab22")]
    public async Task The_last_word_is_completed(string line, string words) => Assert.Equal(words, await CompleteAsync(line));

    [Theory]
    [InlineData("attach --wait=1s serial=S-1 ")]
    [InlineData("attach -r ")]
    [InlineData("--timeout ")]
    [InlineData("detach z")]
    [InlineData("version ")]
    [InlineData("run serial=S-1 -- ")]
    [InlineData("run serial=S-1 -- grep --")]
    [InlineData("--socket /nonexistent attach name=")]
    [InlineData("attach --socket=/nonexistent name=")]
    [InlineData("no-such-command ")]
    public async Task Nothing_fits(string line) => Assert.Equal("", await CompleteAsync(line));

    [Fact]
    public async Task What_a_shell_would_act_on_is_not_offered()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = (_, _) => Rows(Samples.Disk with { Serial = "$(reboot)", Name = "a b", Node = "lab1" });
        Assert.Equal("lab1/1-1.2", Words(await CommandRun.OfAsync(daemon, "complete", "--", "attach", "")));
    }

    [Fact]
    public async Task Without_a_daemon_there_are_commands_and_options_only()
    {
        var run = await CommandRun.AloneAsync("complete", "--", "attach", "");
        Assert.Equal(new CommandRun(0, "", ""), run);
        Assert.Equal("attach", Words(await CommandRun.AloneAsync("complete", "--", "att")));
    }

    [Fact]
    public async Task A_daemon_that_hangs_is_not_waited_for()
    {
        await using var daemon = new TestDaemon();
        daemon.Handler.List = Hang<ListParams, DeviceRow>();
        Assert.Equal(new CommandRun(0, "", ""), await CommandRun.OfAsync(daemon, "complete", "--", "attach", ""));
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task The_script_is_printed(string shell)
    {
        var run = await CommandRun.AloneAsync("completion", shell);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("usbipc complete -- ", run.Out);
    }

    [Fact]
    public async Task Another_shell_is_a_usage_error() => Assert.Equal(2, (await CommandRun.AloneAsync("completion", "csh")).ExitCode);

    [Theory]
    [InlineData("bash", "usbipc att", "attach")]
    [InlineData("bash", "usbipc attach serial=S", "attach serial=S-1")]
    [InlineData("bash", "usbipc attach lab1/", "attach lab1/1-1.2")]
    [InlineData("bash", "usbipc nodes remove ", "nodes remove lab22")]
    [InlineData("zsh", "usbipc att", "attach")]
    [InlineData("zsh", "usbipc attach serial=S", "attach serial=S-1")]
    [InlineData("zsh", "usbipc attach lab1/", "attach lab1/1-1.2")]
    [InlineData("zsh", "usbipc nodes remove ", "nodes remove lab22")]
    [InlineData("bash", "usbipc run serial=S-1 -- cat /etc/hostna", "run serial=S-1 -- cat /etc/hostname")]
    [InlineData("zsh", "usbipc run serial=S-1 -- cat /etc/hostna", "run serial=S-1 -- cat /etc/hostname")]
    [InlineData("bash", "usbipc attach serial=S", "attach serial=S-1", "COMP_WORDBREAKS=${COMP_WORDBREAKS//=}")]
    [InlineData("bash", "usbipc attach serial=S", "attach serial=S-1", "COMP_WORDBREAKS=${COMP_WORDBREAKS//:}")]
    [InlineData("bash", "usbipc attach serial=S", "attach serial=S-1", "COMP_WORDBREAKS=' '")]
    public async Task A_tabulator_at_a_terminal_completes_the_line(string shell, string typed, string got, string before = ":")
    {
        await using var daemon = NewDaemon();
        // zpty is zsh's pseudo terminal; what is typed after the tabulator waits for the completion.
        const string Terminal = """
            zmodload zsh/zpty
            zpty shell "$SHELL_AT_TERMINAL"
            zpty -w shell ". $SET_UP"
            zpty -r -m shell seen '*READY*'
            zpty -n -w shell "$TYPED"$'\t\r'
            zpty -r -m shell seen '*GOT:*:END*'
            print -r -- ${${seen##*GOT:}%%:END*}
            """;
        var setUp = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await File.WriteAllTextAsync(setUp, (shell == "zsh" ? "autoload -U compinit; compinit -u -D\n" : "") + $$"""
            usbipc() { case $1 in complete|completion) dotnet "$USBIPC" "$@";; *) echo "GOT:$*:END";; esac; }
            . <(usbipc completion {{shell}})
            {{before}}
            echo READY
            """ + "\n");
        try
        {
            var words = await ShellAsync(daemon, "zsh", Terminal, [
                ("SHELL_AT_TERMINAL", shell == "zsh" ? "zsh -f -i" : "bash --norc --noprofile -i"), ("SET_UP", setUp), ("TYPED", typed)]);
            Assert.Equal(got, words.TrimEnd());
        }
        finally
        {
            File.Delete(setUp);
        }
    }

    [Theory]
    [InlineData("usbipc att", "attach")]
    [InlineData("usbipc attach serial=S", "serial=S-1")]
    [InlineData("usbipc attach lab1/", "lab1/1-1.2")]
    [InlineData("usbipc detach ", "a1,a2")]
    public async Task Fish_completes(string line, string words)
    {
        await using var daemon = NewDaemon();
        const string Script = """
            function usbipc; dotnet $USBIPC $argv; end
            usbipc completion fish | source
            complete -C $TYPED
            """;
        Assert.Equal(words, string.Join(',', (await ShellAsync(daemon, "fish", Script, [("TYPED", line)]))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(candidate => candidate.Split('\t')[0])));
    }

    private static TestDaemon NewDaemon()
    {
        var daemon = new TestDaemon();
        var keyboard = Samples.Keyboard with { Name = "desk" };
        daemon.Handler.List = (request, _) => request.Local
            ? Rows(Samples.Disk, keyboard with { Node = "lab1", State = DeviceStates.Unbound })
            : Rows(Samples.Disk, keyboard);
        daemon.Handler.Port = (_, _) => Rows(Samples.Attached, Samples.Waiting);
        daemon.Handler.Nodes = (_, _) => Rows(Samples.Lab1, Samples.Lab22);
        return daemon;
    }

    private static async Task<string> CompleteAsync(string line)
    {
        await using var daemon = NewDaemon();
        var run = await CommandRun.OfAsync(daemon, ["complete", "--", .. line.Replace("{socket}", daemon.Path, StringComparison.Ordinal).Split(' ')]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        return Words(run);
    }

    private static string Words(CommandRun run) => string.Join(',', run.Lines.Select(line => line.Split('\t')[0]));

    // The command as it was built beside these tests.
    private static async Task<string> ShellAsync(TestDaemon daemon, string shell, string script, IEnumerable<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo("timeout", ["30", shell, "-c", script]) 
        {
            RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        start.Environment["USBIPC"] = Path.Combine(AppContext.BaseDirectory, "usbipc.dll");
        start.Environment["USBIPCLUSTER__CONTROL"] = daemon.Path;
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal((0, ""), (process.ExitCode, await error));
        return output;
    }
}
