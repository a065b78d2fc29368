namespace UsbIpCluster.Documents.Tests;

/// <summary>The files of the project, as they are.</summary>
internal static class Repository
{
    private static readonly string[] Made = ["bin", "obj", "artifacts", ".git", "TestResults"];

    /// <summary>The folder of the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Where a file is.</summary>
    public static string PathOf(string file) => Path.Combine(Root, file);

    /// <summary>What is in a file.</summary>
    public static string Read(string file) => File.ReadAllText(PathOf(file));

    /// <summary>The Markdown files, by their paths below the root; nothing that was built.</summary>
    public static IEnumerable<string> Documents() => DocumentsIn(new DirectoryInfo(Root)).Select(path => Path.GetRelativePath(Root, path));

    private static IEnumerable<string> DocumentsIn(DirectoryInfo folder) =>
    [
        .. folder.GetFiles("*.md").Select(file => file.FullName),
        .. folder.GetDirectories().Where(each => !Made.Contains(each.Name)).SelectMany(DocumentsIn),
    ];

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "UsbIpCluster.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"no folder above {AppContext.BaseDirectory} is that of the solution");
    }
}
