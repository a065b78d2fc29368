namespace UsbIpCluster.Benchmarks;

/// <summary>
/// The least that a command of this runtime can be: it prints a line. Made in a temporary folder, and published as the product is, with the
/// product's own rules for that (<c>src/Publish.props</c>).
/// </summary>
internal sealed class HelloWorld : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("usbipcluster-hello-");

    private HelloWorld()
    {
    }

    /// <summary>The program.</summary>
    public string Program => Path.Combine(_folder.FullName, "published", "hello");

    /// <summary>Makes one.</summary>
    /// <param name="sources">The folder of the product's sources.</param>
    public static async Task<HelloWorld> PublishAsync(string sources)
    {
        var hello = new HelloWorld();
        try
        {
            var project = Path.Combine(hello._folder.FullName, "hello.csproj");
            await File.WriteAllTextAsync(project, Project(Path.GetFullPath(sources)));
            await File.WriteAllTextAsync(Path.Combine(hello._folder.FullName, "Hello.cs"), "System.Console.WriteLine(\"hello world\");\n");
            string[] arguments = ["publish", project, "-c", "Release", "--self-contained", "-o", Path.GetDirectoryName(hello.Program)!, "--nologo", "-v", "quiet"];
            (await Command.RunAsync(Command.Start("dotnet", arguments), Patience)).Succeeded();
            return hello;
        }
        catch
        {
            hello.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Delete(recursive: true);

    // What the command's own project says, and nothing else.
    private static string Project(string sources) => $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Akka>Subset</Akka>
            <InvariantGlobalization>true</InvariantGlobalization>
            <SatelliteResourceLanguages>en</SatelliteResourceLanguages>
            <TieredPGO>false</TieredPGO>
            <EventSourceSupport>false</EventSourceSupport>
            <ConcurrentGarbageCollection>false</ConcurrentGarbageCollection>
          </PropertyGroup>
          <Import Project="{sources}/Publish.props" />
        </Project>
        """;
}
