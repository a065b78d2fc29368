using System.Text.Json;

namespace UsbIpCluster.Cluster.Tests;

/// <summary>What commands have printed with <c>--json</c>, to be validated against <c>docs/schemas</c>, all of it in one process.</summary>
/// <param name="lab">Where the documents are kept.</param>
internal sealed class JsonDocuments(Lab lab)
{
    private const string Validator = "tests/cluster/validate-json";

    private static readonly string Schemas = Path.Combine(Executables.Root, "docs", "schemas");

    private readonly string _folder = lab.Folder.CreateSubdirectory("documents").FullName;
    private readonly HashSet<string> _commands = [];
    private int _count;

    /// <summary>The commands of which there is a document.</summary>
    public IReadOnlySet<string> Commands => _commands;

    /// <summary>Runs a command, which has to succeed, and keeps what it prints.</summary>
    /// <param name="host">Whose daemon is asked.</param>
    /// <param name="command">The command's name: <c>list</c>, <c>nodes remove</c>.</param>
    /// <param name="arguments">What follows the name.</param>
    public async Task<CommandResult> KeepAsync(LabHost host, string command, params IEnumerable<string> arguments)
    {
        var result = (await host.UsbipcAsync([.. command.Split(' '), .. arguments, "--json"])).Succeeded();
        Assert.Equal("", result.Error);
        Keep(command, result.Out);
        return result;
    }

    /// <summary>Keeps a document that a command has printed.</summary>
    public void Keep(string command, string document)
    {
        _commands.Add(command);
        Write(SchemaOf(command), document);
    }

    /// <summary>Runs a command that fails with this exit code, and keeps the error.</summary>
    public async Task<CommandResult> KeepErrorAsync(int exitCode, LabHost host, params IEnumerable<string> arguments)
    {
        var result = (await host.UsbipcAsync([.. arguments, "--json"])).Ended(exitCode);
        Write("error", result.Error);
        return result;
    }

    /// <summary>Validates all of them. Every schema has to have had a document.</summary>
    public async Task<string> ValidateAsync()
    {
        var run = await Command.RunAsync(Path.Combine(Executables.Root, Validator), Schemas, _folder);
        var isThere = !run.Error.Contains("ModuleNotFoundError", StringComparison.Ordinal);
        Assert.True(isThere, "python3-jsonschema is missing: apt-get install python3-jsonschema");
        return run.Succeeded().Out.Trim();
    }

    /// <summary>The name of a command's schema: its own, else that of the command that it belongs to.</summary>
    private static string SchemaOf(string command)
    {
        var own = command.Replace(' ', '-');
        return File.Exists(Path.Combine(Schemas, $"{own}.schema.json")) ? own : command.Split(' ')[0];
    }

    private void Write(string schema, string document)
    {
        // One that is no JSON, or two in one place, is found here and with what was printed.
        try
        {
            using var _ = JsonDocument.Parse(document);
        }
        catch (JsonException error)
        {
            Assert.Fail($"{schema}: {error.Message}: {document}");
        }

        File.WriteAllText(Path.Combine(_folder, $"{schema}.{++_count}.json"), document);
    }
}
