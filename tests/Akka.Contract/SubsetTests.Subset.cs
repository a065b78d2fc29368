using System.Reflection;
using System.Xml.Linq;

namespace Akka.Contract;

/// <summary>The subset's README says what is there, and what ships does not lean on what is for tests.</summary>
public sealed class SubsetTests
{
    private const string TestKitName = "Akka.Subset.TestKit";

    // What every object has, or the compiler adds.
    private static readonly string[] s_everywhere =
    [
        "Equals", "GetHashCode", "ToString", "CompareTo", "PrintMembers", "EqualityContract", "Deconstruct", "<Clone>$", "value__",
    ];

    [Fact]
    public void The_README_lists_every_public_type_and_its_members_and_nothing_else() => Assert.Equal(
        new[] { typeof(Actor.ActorSystem), typeof(TestKit.TestKitBase) }
            .SelectMany(type => type.Assembly.GetExportedTypes())
            .Select(Line)
            .Order(StringComparer.Ordinal),
        ReadmeLines().Order(StringComparer.Ordinal));

    [Fact]
    public void Nothing_that_is_shipped_refers_to_the_TestKit()
    {
        var projects = Directory.GetFiles(Path.Combine(Root(), "src"), "*.csproj", SearchOption.AllDirectories);
        Assert.Contains(projects, project => Path.GetFileNameWithoutExtension(project) == TestKitName);
        Assert.DoesNotContain(projects, project => XDocument.Load(project).Descendants("ProjectReference")
            .Any(reference => reference.Attribute("Include")!.Value.Contains(TestKitName, StringComparison.Ordinal)));
        var subset = typeof(Actor.ActorSystem).Assembly;
        Assert.DoesNotContain(subset.GetReferencedAssemblies(), name => name.Name is TestKitName or "xunit.assert" or "xunit.core");
    }

    private static string Line(Type type)
    {
        const BindingFlags Declared =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var members = type.IsSubclassOf(typeof(Delegate)) ? [] : type.GetMembers(Declared).Where(IsSeen).Select(member => member.Name);
        return Line(type.Namespace!, NameOf(type), members.Except(s_everywhere));
    }

    private static string Line(string space, string type, IEnumerable<string> members) =>
        $"{space}.{type}: {string.Join(", ", members.Distinct().Order(StringComparer.Ordinal))}";

    private static string NameOf(Type type) => type.DeclaringType is { } outer ? $"{NameOf(outer)}.{type.Name}" : type.Name;

    private static bool IsSeen(MemberInfo member) => member switch
    {
        MethodBase method => !method.IsSpecialName && IsSeen(method.Attributes),
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(accessor => IsSeen(accessor.Attributes)),
        FieldInfo field => field.IsPublic || field.IsFamily,
        _ => false,
    };

    private static bool IsSeen(MethodAttributes attributes) => (attributes & MethodAttributes.MemberAccessMask) is
        MethodAttributes.Public or MethodAttributes.Family or MethodAttributes.FamORAssem;

    // Below a heading with a namespace: - `Type`: `Member`, `Member` - what it is
    private static IEnumerable<string> ReadmeLines()
    {
        var text = File.ReadAllText(Path.Combine(Root(), "src", "Akka.Subset", "README.md")).Replace("\n  ", " ", StringComparison.Ordinal);
        var space = "";
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith('#'))
                space = line.StartsWith("### Akka", StringComparison.Ordinal) ? line[4..] : "";
            if (space.Length == 0 || !line.StartsWith("- `", StringComparison.Ordinal))
                continue;
            var words = line[..line.IndexOf(" - ", StringComparison.Ordinal)].Split('`').Where((_, index) => index % 2 == 1).ToArray();
            yield return Line(space, words[0], words[1..]);
        }
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "UsbIpCluster.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("this test needs the sources around it");
        return folder.FullName;
    }
}
