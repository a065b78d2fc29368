using System.Collections.Immutable;

namespace UsbIpCluster.Node;

/// <summary>Reads <c>exports</c>: what the configuration exports.</summary>
internal static class ExportRulesReader
{
    /// <summary>How many rules there may be.</summary>
    public const int MaxRules = 256;

    /// <summary>How many lines <c>allow</c> and <c>deny</c> of a rule may have, each.</summary>
    public const int MaxLines = 64;

    private const string RuleForm = "node=GLOB, user=NAME, an address or a network such as 10.0.0.0/8; several joined by commas must all be true";
    private const string MatchForm =
        "VID:PID, serial=S, NODE/BUSID, BUSID, product=GLOB or class=CLASS; several joined by commas must all match";

    /// <summary>Reads the rules, in their order.</summary>
    /// <exception cref="ConfigurationException">One of them is not allowed.</exception>
    public static ImmutableArray<ExportRule> Read(ConfigurationValues values) =>
        values.ReadObjects("exports", ["match", "name"], ["allow", "deny"], MaxRules, item => new ExportRule(
            item.Require<Selector>("match", TryMatch, MatchForm),
            item.Read<string?>("name", TryName, "1 to 63 letters, digits, dots, dashes and underscores", null),
            new Access(
                item.ReadList<AccessRule>("allow", TryRule, RuleForm, MaxLines),
                item.ReadList<AccessRule>("deny", TryRule, RuleForm, MaxLines))));

    private static bool TryMatch(string text, out Selector value, out string? problem)
    {
        if (!Selector.TryParse(text, out value!, out problem))
            return false;
        if (value.HasName)
            problem = "a device has its name from the rule that exports it, so no rule can go by it";
        return !value.HasName;
    }

    private static bool TryName(string text, out string? value, out string? problem)
    {
        value = text;
        problem = "it is no name";
        return NodeName.TryParse(text, out _);
    }

    private static bool TryRule(string text, out AccessRule value, out string? problem) => AccessRule.TryParse(text, out value!, out problem);
}
