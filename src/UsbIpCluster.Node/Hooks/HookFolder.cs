using System.Collections.Immutable;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Node;

/// <summary>
/// The hooks: the executable files of a folder, in the order of their names. As with run-parts(8), a name has letters, digits, <c>_</c> and
/// <c>-</c> alone, so that what editors and package managers leave behind is none. The daemon runs them with its own rights, so nobody else may
/// be able to change them, nor to put another folder in the place of this one.
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
            var whyNotAny = status.IsOurs ? WhyReplaceable(folder) : $"{folder} {Untrusted}";
            var found = Directory.EnumerateFileSystemEntries(folder)
                .Where(path => FileStatus.Of(path) is { IsExecutable: true })
                .Order(StringComparer.Ordinal)
                .ToLookup(path => whyNotAny ?? WhyNot(path));
            return new Contents([.. found[null]], [.. found.Where(group => group.Key is not null).Select(group => group.Key!)]);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Contents.None with { Refused = [error.Message] };
        }
    }

    private const string Untrusted = "is not run: it has to be owned by root or by who runs the daemon, and writable by nobody else";

    // Who may write the folder that this one is in could put another in its place, unless that one is sticky: then it takes this one's owner.
    private static string? WhyReplaceable(string folder)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (new DirectoryInfo(path).LinkTarget is not null)
            return $"{folder} is not run: it is a link";
        if (Path.GetDirectoryName(path) is not { } parent || FileStatus.Of(parent) is not { } status)
            return null;
        return status.IsOurs || status.Mode.HasFlag(UnixFileMode.StickyBit)
            ? null
            : $"{folder} is not run: others may write {parent}, and put another folder in its place";
    }

    private static string? WhyNot(string path)
    {
        if (!Path.GetFileName(path).All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
            return $"{path} is not run: a hook's name has only letters, digits, _ and -";
        return FileStatus.Of(path) is { IsOurs: true } ? null : $"{path} {Untrusted}";
    }
}
