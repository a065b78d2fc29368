using System.Reflection;
using UsbIpCluster.Control;

namespace UsbIpCluster.Documents.Tests;

/// <summary>docs/control-api.md has every method of the control protocol, with its parameters and every error.</summary>
public sealed class ControlApiTests
{
    private static readonly string Text = Repository.Read("docs/control-api.md");

    public static TheoryData<string> Methods =>
        [.. Constants(typeof(ControlMethods)).Select(each => each.Name).Where(name => name != nameof(ControlMethods.Event))];

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_method_is_there_with_all_of_its_parameters(string name)
    {
        var method = (string)Constants(typeof(ControlMethods)).Single(each => each.Name == name).GetValue(null)!;
        var row = Text.Split('\n').SingleOrDefault(line => line.StartsWith($"| `{method}` |", StringComparison.Ordinal));
        Assert.True(row is not null, $"docs/control-api.md has no row for the method {method}");
        var type = typeof(ControlMethods).Assembly.GetType($"UsbIpCluster.Control.{name}Params", throwOnError: true)!;
        foreach (var parameter in ControlJson.Default.GetTypeInfo(type)!.Properties.Select(each => each.Name))
            Assert.True(row.Contains($"`{parameter}`", StringComparison.Ordinal), $"the row of {method} in docs/control-api.md lacks {parameter}");
    }

    [Fact]
    public void The_notification_is_there() => Assert.Contains($"\"method\":\"{ControlMethods.Event}\"", Text, StringComparison.Ordinal);

    [Fact]
    public void Every_error_that_a_daemon_answers_with_is_there()
    {
        foreach (var error in Enum.GetValues<ControlError>().Except([ControlError.NoDaemon]))
            Assert.Contains($"| {error.ExitCode()} |", Text, StringComparison.Ordinal);
    }

    private static IEnumerable<FieldInfo> Constants(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(each => each.IsLiteral);
}
