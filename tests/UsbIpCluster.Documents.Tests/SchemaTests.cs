using System.CommandLine;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using UsbIpCluster.Cli;
using UsbIpCluster.Cli.Commands.Ca;
using UsbIpCluster.Control;

namespace UsbIpCluster.Documents.Tests;

/// <summary>
/// docs/schemas is complete and says what the rows have. That what is printed fits it is shown by real commands, in tests/cluster.
/// </summary>
public sealed class SchemaTests
{
    // What prints no rows of its own, whatever it is asked.
    private static readonly string[] WithoutRows = ["watch", "completion", "run"];

    public static TheoryData<string> Commands => [.. CommandNames(CommandLine.Create(new GlobalOptions()), "").Except(WithoutRows)];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_has_a_schema(string command)
    {
        var own = $"docs/schemas/{command.Replace(' ', '-')}.schema.json";
        var ofGroup = $"docs/schemas/{command.Split(' ')[0]}.schema.json";
        Assert.True(
            File.Exists(Repository.PathOf(own)) || File.Exists(Repository.PathOf(ofGroup)),
            $"usbipc {command} has --json and no schema: {own} is to say what it prints");
    }

    [Fact]
    public void A_device_has_the_fields_of_its_row() => AssertFields(ControlJson.Default.DeviceRow, "list", "$defs", "device");

    [Fact]
    public void A_node_has_the_fields_of_its_row() => AssertFields(ControlJson.Default.NodeRow, "nodes", "$defs", "node");

    [Fact]
    public void A_port_has_the_fields_of_its_row() => AssertFields(ControlJson.Default.PortRow, "port", "$defs", "port");

    [Fact]
    public void An_event_has_the_fields_of_its_row() => AssertFields(ControlJson.Default.EventRow, "events");

    [Fact]
    public void A_daemon_has_the_fields_of_its_row() => AssertFields(ControlJson.Default.VersionRow, "version", "$defs", "daemon");

    [Fact]
    public void A_status_has_the_fields_of_its_rows()
    {
        AssertFields(ControlJson.Default.StatusRow, "status");
        AssertFields(ControlJson.Default.ClusterStatusRow, "status", "properties", "cluster");
        AssertFields(ControlJson.Default.ExportStatusRow, "status", "properties", "exports");
        AssertFields(ControlJson.Default.AttachmentStatusRow, "status", "properties", "attachments");
        AssertFields(ControlJson.Default.ProblemRow, "status", "properties", "problems", "items");
    }

    [Fact]
    public void A_certificate_has_the_fields_of_its_row() => AssertFields(CertificateJson.Default.CertificateRow, "ca", "items");

    [Fact]
    public void States_kinds_and_errors_are_those_of_the_program()
    {
        Assert.Equal(ConstantsOf(typeof(DeviceStates)), EnumAt("list", "$defs", "state"));
        Assert.Equal(ConstantsOf(typeof(AttachmentStates)), EnumAt("port", "$defs", "state"));
        Assert.Equal(ConstantsOf(typeof(EventKinds)), EnumAt("events", "properties", "kind"));
        Assert.Equal(
            Enum.GetValues<ControlError>().Select(error => error.Code()).Order(),
            EnumAt("error", "properties", "error", "properties", "code"));
    }

    private static void AssertFields(JsonTypeInfo row, string schema, params string[] path) => Assert.Equal(
        row.Properties.Select(each => each.Name).Order(),
        At(schema, [.. path, "properties"]).EnumerateObject().Select(each => each.Name).Order());

    private static IEnumerable<string> EnumAt(string schema, params string[] path) =>
        At(schema, [.. path, "enum"]).EnumerateArray().Select(value => value.GetString()!).Order();

    private static JsonElement At(string schema, string[] path) =>
        path.Aggregate(JsonElement.Parse(Repository.Read($"docs/schemas/{schema}.schema.json")), (each, name) => each.GetProperty(name));

    private static IEnumerable<string> ConstantsOf(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(each => (string)each.GetValue(null)!).Order();

    private static IEnumerable<string> CommandNames(Command command, string before) =>
        command.Subcommands.Where(each => !each.Hidden).SelectMany(each =>
            (IEnumerable<string>)
            [
                .. each is CliCommand ? [$"{before}{each.Name}"] : Array.Empty<string>(),
                .. CommandNames(each, $"{before}{each.Name} "),
            ]);
}
