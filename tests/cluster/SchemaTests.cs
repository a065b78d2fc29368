using Xunit.Abstractions;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>What every command prints with <c>--json</c>, with real daemons, is what its schema in <c>docs/schemas</c> says.</summary>
public sealed class SchemaTests(ITestOutputHelper output) : ClusterTest(output)
{
    // A group of commands, and what prints no rows of its own whatever it is asked.
    private static readonly string[] WithoutDocuments = ["ca", "watch", "completion", "run"];

    [Fact]
    public async Task Every_command_prints_what_its_schema_says()
    {
        var hosts = await AddHostsAsync(3);
        var (lab1, lab2, lab3) = (hosts[0], hosts[1], hosts[2]);
        Daemon[] daemons = [await lab1.StartAsync(), lab2.Launch([lab1]), lab3.Launch([lab1])];
        foreach (var daemon in daemons)
            await daemon.WaitForClusterAsync(nodes: 3, devices: 3);

        var documents = new JsonDocuments(Lab);
        await ExportAndAttachAsync(documents, lab1, lab2, lab3);
        await LookAroundAsync(documents, lab2);
        await FailAsync(documents, lab2);
        await documents.KeepAsync(lab1, "drain");
        await documents.KeepAsync(lab1, "drain", "--off");
        await documents.KeepAsync(lab2, "detach", "--all");
        await documents.KeepAsync(lab2, "detach", "--all");
        await documents.KeepAsync(lab1, "unbind", "serial=LAB1-0001");

        await daemons[2].KillAsync();
        await Until.ReadAsync(daemons[0].NodesAsync, rows => rows.Any(row => !row.Reachable), "lab1 misses lab3");
        await documents.KeepAsync(lab1, "list");
        await documents.KeepAsync(lab1, "nodes");
        await documents.KeepAsync(lab1, "nodes remove", "lab3");
        await MakeCertificatesAsync(documents, lab1);

        Assert.Empty((await CommandsAsync()).Except(documents.Commands).Except(WithoutDocuments));
        Print($"validated against their schemas: {await documents.ValidateAsync()}");
    }

    private static async Task ExportAndAttachAsync(JsonDocuments documents, LabHost lab1, LabHost lab2, LabHost lab3)
    {
        await documents.KeepAsync(lab1, "bind", "serial=LAB1-0001", "--name", "console", "--allow", "node=lab2");
        await documents.KeepAsync(lab1, "bind", "serial=LAB1-0001");
        await documents.KeepAsync(lab3, "bind", "serial=LAB3-0001");
        await documents.KeepAsync(lab2, "list", "-r", $"{lab3.UsbIp}");
        await documents.KeepAsync(lab2, "attach", "serial=LAB1-0001", "--wait=30s");
        await documents.KeepAsync(lab2, "detach", "serial=LAB1-0001");
        await documents.KeepAsync(lab2, "attach", "--all", "1209:0001", "--wait=30s");
        await documents.KeepAsync(lab2, "detach", "--all");
        await documents.KeepAsync(lab2, "attach", "-r", $"{lab3.UsbIp}", "-b", "sim-0", "--wait=30s");
        await documents.KeepAsync(lab2, "attach", "name=console", "--wait=30s");
    }

    private static async Task LookAroundAsync(JsonDocuments documents, LabHost host)
    {
        foreach (var command in (string[])["list", "nodes", "port", "status", "version"])
            await documents.KeepAsync(host, command);
        await documents.KeepAsync(host, "list", "serial=nothing");
        documents.Keep("doctor", (await host.UsbipcAsync("doctor", "--json")).Out);
        documents.Keep("version", (await Command.SucceedAsync(Executables.Usbipc, "version", "--json", "--socket", "/nonexistent/x")).Out);
        var events = (await host.UsbipcAsync("events", "--json")).Succeeded();
        foreach (var line in events.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            documents.Keep("events", line);
    }

    /// <summary>An error of each exit code; the attachment that waits is then in the list of ports.</summary>
    private static async Task FailAsync(JsonDocuments documents, LabHost host)
    {
        await documents.KeepErrorAsync(1, host, "list", "-r", "10.231.0.1:9");
        await documents.KeepErrorAsync(2, host, "attach");
        await documents.KeepErrorAsync(2, host, "attach", "product=*");
        await documents.KeepErrorAsync(3, host, "attach", "serial=nothing");
        await documents.KeepErrorAsync(4, host, "attach", "lab2/sim-0");
        await documents.KeepErrorAsync(5, host, "list", "--socket", "/nonexistent/x");
        await documents.KeepErrorAsync(6, host, "attach", "serial=nothing", "--wait=100ms");
        await documents.KeepErrorAsync(6, host, "events", "--follow", "--timeout=500ms");
        await documents.KeepAsync(host, "port");
    }

    private async Task MakeCertificatesAsync(JsonDocuments documents, LabHost host)
    {
        var folder = Path.Combine(Lab.Folder.FullName, "pki");
        await documents.KeepAsync(host, "ca init", "--out", folder);
        await documents.KeepAsync(host, "ca issue", "lab1", "lab2", "--ca", folder);
        await documents.KeepAsync(host, "ca renew", "lab1", "--ca", folder);
    }

    /// <summary>The commands, and theirs, as the help shows them.</summary>
    private static async Task<IReadOnlyList<string>> CommandsAsync()
    {
        var commands = new List<string>();
        foreach (var command in await NamesAsync())
        {
            commands.Add(command);
            commands.AddRange((await NamesAsync(command)).Select(name => $"{command} {name}"));
        }

        Assert.Contains("nodes remove", commands);
        return commands;
    }

    private static async Task<string[]> NamesAsync(params string[] command)
    {
        var help = await Command.SucceedAsync(Executables.Usbipc, [.. command, "--help"]);
        var section = help.Out.Split("Commands:\n") is [_, var rest] ? rest.Split("\n\n")[0] : "";
        return [.. section.Split('\n').Where(IsOfCommand).Select(line => line.Trim().Split(' ')[0])];
    }

    // A description that needs more lines goes on far to the right.
    private static bool IsOfCommand(string line) => line is [' ', ' ', not ' ', ..];
}
