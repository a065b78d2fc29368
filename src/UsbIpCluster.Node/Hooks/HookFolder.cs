using System.Collections.Immutable;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Node;

/// <summary>
/// The hooks: the executable files of a folder, in the order of their names. As with run-parts(8), a name has letters, digits, <c>_</c> and
/// <c>-</c> alone, so that what editors and package managers leave behind is none. The daemon runs them with its own rights, so nobody else may
/// be able to change them.
/// </summary>
internal static class HookFolder
{
    /// <summary>What is in a folder.</summary>
    /// <param name="Programs">The hooks, in the order in which they run.</param>
    /// <param name="Refused">What is executable there and is not run, and why.</param>
    public sealed record Contents(ImmutableArray<string> Programs, ImmutableArray<string> Refused)
    {
        /// <summary>Nothing.</summary>
        public static Contents None { get; } = new([], []);
    }

    /// <summary>Looks into a folder; one that is not there has no hooks.</summary>
    public static Contents Read(string folder)
    {
        try
        {
            if (FileStatus.Of(folder) is not { Type: FileType.Folder } status)
                return Contents.None;
            var found = Directory.EnumerateFileSystemEntries(folder)
                .Where(path => FileStatus.Of(path) is { IsExecutable: true })
                .Order(StringComparer.Ordinal)
                .ToLookup(path => status.IsOurs ? WhyNot(path) : $"{folder} {Untrusted}");
            return new Contents([.. found[null]], [.. found.Where(group => group.Key is not null).Select(group => group.Key!)]);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Contents.None with { Refused = [error.Message] };
        }
    }

    private const string Untrusted = "is not run: it has to be owned by root or by who runs the daemon, and writable by nobody else";

    private static string? WhyNot(string path)
    {
        if (!Path.GetFileName(path).All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
            return $"{path} is not run: a hook's name has only letters, digits, _ and -";
        return FileStatus.Of(path) is { IsOurs: true } ? null : $"{path} {Untrusted}";
    }
}
