using System.Collections.Immutable;
using System.Globalization;

namespace UsbIpCluster.Linux;

/// <summary>A group of this machine's own user database, group(5); what a directory server adds is not seen.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Members">Who is in it, also those whose first group it is.</param>
public sealed record UserGroup(uint Id, ImmutableArray<string> Members)
{
    private const int MaxLines = 100_000;

    /// <summary>The group of that name; null when there is none.</summary>
    public static UserGroup? Find(Sysfs sysfs, string name) =>
        Parse(sysfs.Lines("/etc/group", MaxLines), sysfs.Lines("/etc/passwd", MaxLines), name);

    // name:password:id:member,member and name:password:id:group:...
    internal static UserGroup? Parse(IEnumerable<string> groups, IEnumerable<string> users, string name)
    {
        foreach (var line in groups)
        {
            if (line.Split(':') is not [var found, _, var id, var members, ..] || found != name || !TryId(id, out var number))
                continue;
            var first = users.Select(user => user.Split(':'))
                .Where(user => user.Length > 3 && TryId(user[3], out var group) && group == number)
                .Select(user => user[0]);
            return new UserGroup(
                number,
                [
                    .. members.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Concat(first)
                        .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(Text.Printable),
                ]);
        }

        return null;
    }

    private static bool TryId(string text, out uint id) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id);
}
