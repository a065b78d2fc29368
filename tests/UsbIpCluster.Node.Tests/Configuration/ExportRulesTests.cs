using System.Globalization;

namespace UsbIpCluster.Node.Tests;

/// <summary>The list of what is exported, in every place where it can be written.</summary>
[Collection(ConfigurationCollection.Name)]
public sealed class ExportRulesTests : IDisposable
{
    private readonly ConfigurationSources _sources = new();

    public void Dispose() => _sources.Dispose();

    [Fact]
    public void Rules_stand_in_the_file()
    {
        var rules = _sources.WithFile(
            """
            {
              "exports": [
                { "match": "0525:a4a5,serial=a\\,b", "name": "golden", "allow": ["node=lab*,user=anna", "10.0.0.0/8"], "deny": ["::1"] },
                { "match": "class=hid" },
                { "match": "1-1", "name": "", "allow": [], "deny": "node=x,user=y" },
              ],
            }
            """).Read().Exports;
        Assert.Equal(
            [
                new ExportRule(Selector(@"0525:a4a5,serial=a\,b"), "golden", new Access([Rule("node=lab*,user=anna"), Rule("10.0.0.0/8")], [Rule("::1")])),
                new ExportRule(Selector("class=hid"), null, Access.Open),
                new ExportRule(Selector("1-1"), null, new Access([], [Rule("node=x,user=y")])),
            ],
            rules.ToArray());
    }

    [Fact]
    public void Rules_stand_in_the_environment()
    {
        var rules = _sources
            .WithVariable("EXPORTS__0__MATCH", "0525:a4a5,class=08").WithVariable("EXPORTS__0__NAME", "golden")
            .WithVariable("EXPORTS__0__ALLOW__0", "node=a,user=b").WithVariable("EXPORTS__0__ALLOW__1", "10.0.0.1")
            .WithVariable("EXPORTS__0__DENY", "node=c,10.0.0.2").WithVariable("EXPORTS__1__MATCH", "1-1").Read().Exports;
        Assert.Equal(
            [
                new ExportRule(Selector("0525:a4a5,class=08"), "golden", new Access([Rule("node=a,user=b"), Rule("10.0.0.1")], [Rule("node=c,10.0.0.2")])),
                new ExportRule(Selector("1-1"), null, Access.Open),
            ],
            rules.ToArray());
    }

    [Fact]
    public void The_last_source_that_has_rules_has_all_of_them()
    {
        _sources.WithFile("""{ "exports": [{ "match": "1-1", "name": "file", "allow": ["node=a"] }, { "match": "1-2" }] }""")
            .WithVariable("EXPORTS__0__MATCH", "1-3");
        Assert.Equal([new ExportRule(Selector("1-3"), null, Access.Open)], _sources.Read().Exports.ToArray());
    }

    [Fact]
    public void An_empty_list_is_no_rule() => Assert.Empty(_sources.WithFile("""{ "exports": [] }""").Read().Exports);

    [Fact]
    public void Rules_keep_their_order_beyond_ten()
    {
        var items = Enumerable.Range(0, 256).Select(i => $"{{ \"match\": \"1-{i}\" }}");
        var rules = _sources.WithFile($"{{ \"exports\": [{string.Join(",", items)}] }}").Read().Exports;
        Assert.Equal(Enumerable.Range(0, 256).Select(i => $"1-{i}"), rules.Select(rule => rule.Match.Text));
    }

    [Fact]
    public void Two_rules_may_give_one_name_since_they_need_not_meet() =>
        Assert.Equal(2, _sources.WithFile("""{ "exports": [{ "match": "1-1", "name": "a" }, { "match": "1-2", "name": "a" }] }""").Read().Exports.Length);

    [Theory]
    [InlineData("""{ "name": "x" }""", "exports[0].match is '': the selector is empty; allowed: VID:PID, serial=S,")]
    [InlineData("""{}""", "exports[0].match is '': the selector is empty; allowed: VID:PID,")]
    [InlineData("""null""", "exports[0].match is '': the selector is empty; allowed: VID:PID,")]
    [InlineData("""{ "match": "" }""", "exports[0].match is '': the selector is empty; allowed: VID:PID,")]
    [InlineData("""{ "match": "class=disk" }""", "exports[0].match is 'class=disk': 'disk' is no USB class")]
    [InlineData("""{ "match": "1-1,name=x" }""", "exports[0].match is '1-1,name=x': a device has its name from the rule that exports it")]
    [InlineData("""{ "match": "1-1", "name": "a b" }""", "exports[0].name is 'a b': it is no name; allowed: 1 to 63 letters,")]
    [InlineData("""{ "match": "1-1", "name": "a,b" }""", "exports[0].name is 'a,b': it is no name; allowed: 1 to 63 letters,")]
    [InlineData("""{ "match": "1-1", "allow": ["node=a", "group=x"] }""", "exports[0].allow[1] is 'group=x': 'group' is no key of a rule")]
    [InlineData("""{ "match": "1-1", "deny": [""] }""", "exports[0].deny[0] is '': the rule is empty; allowed: node=GLOB, user=NAME,")]
    [InlineData("""{ "match": "1-1", "deny": [null] }""", "exports[0].deny[0] is '': the rule is empty")]
    [InlineData("""{ "match": "1-1", "deny": [{}] }""", "exports[0].deny[0] is '': the rule is empty")]
    [InlineData("""{ "match": "1-1", "deny": "10.0.0.1/8" }""", "exports[0].deny is '10.0.0.1/8': '10.0.0.1/8' is no network")]
    [InlineData("\"0525:a4a5\"", "exports[0] is '0525:a4a5'; allowed: an object with match, name, allow, deny")]
    [InlineData("""{ "match": "1-1", "colour": "red" }""", "there is no key 'exports[0].colour'; the keys are advertise,")]
    [InlineData("""{ "match": "1-1", "allow": { "node": "a" } }""", "there is no key 'exports[0].allow.node'")]
    [InlineData("""{ "match": "1-1", "allow": [{ "node": "a" }] }""", "exports[0].allow[0] is '': the rule is empty")]
    [InlineData("""{ "match": ["1-1"] }""", "exports[0].match is '': the selector is empty")]
    public void A_rule_that_is_wrong_is_named_by_file_and_key(string item, string error) =>
        Assert.StartsWith(
            $"{_sources.FilePath}: {error}", _sources.WithFile($"{{ \"exports\": [{item}] }}").ReadError(), StringComparison.Ordinal);

    [Theory]
    [InlineData("\"1-1\"", "exports is '1-1'; allowed: a list of objects with match, name, allow, deny")]
    [InlineData("true", "exports is 'True'; allowed: a list of objects")]
    [InlineData("""{ "match": "1-1" }""", "there is no key 'exports.match'")]
    public void What_is_no_list_is_named_by_file_and_key(string value, string error) =>
        Assert.StartsWith($"{_sources.FilePath}: {error}", _sources.WithFile($"{{ \"exports\": {value} }}").ReadError(), StringComparison.Ordinal);

    [Fact]
    public void The_known_keys_of_a_rule_are_told() =>
        Assert.Contains(
            "exports, exports[].allow, exports[].deny, exports[].match, exports[].name, hooks.directory",
            _sources.WithFile("""{ "export": [] , "colour": 1 }""").ReadError(),
            StringComparison.Ordinal);

    [Fact]
    public void An_unknown_key_is_refused_in_a_list_that_another_source_replaces_too()
    {
        _sources.WithFile("""{ "exports": [{ "match": "1-1", "colour": "red" }] }""").WithVariable("EXPORTS__0__MATCH", "1-3");
        Assert.StartsWith($"{_sources.FilePath}: there is no key 'exports[0].colour'", _sources.ReadError(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("EXPORTS__0__ALLOW__3", "node=a b", "exports[0].allow[3] is 'node=a b'")]
    [InlineData("EXPORTS__0__NAME", "a b", "exports[0].name is 'a b'")]
    [InlineData("EXPORTS__7__MATCH", "x y", "exports[7].match is 'x y'")]
    [InlineData("EXPORTS__0__COLOUR", "red", "there is no key 'EXPORTS[0].COLOUR'")]
    public void A_rule_that_is_wrong_is_named_by_its_variable(string name, string value, string error) =>
        Assert.StartsWith(
            $"environment USBIPCLUSTER__{name}: {error}",
            _sources.WithVariable("EXPORTS__0__MATCH", "1-1").WithVariable(name, value).ReadError(),
            StringComparison.Ordinal);

    [Fact]
    public void A_rule_of_the_environment_without_a_match_is_named_by_the_variable_that_is_missing() =>
        Assert.StartsWith(
            "environment USBIPCLUSTER__EXPORTS__0__MATCH: exports[0].match is ''",
            _sources.WithVariable("EXPORTS__0__NAME", "x").ReadError(),
            StringComparison.Ordinal);

    [Fact]
    public void There_are_256_rules_at_most()
    {
        var items = Enumerable.Repeat("""{ "match": "1-1" }""", 257);
        Assert.Equal(
            $"{_sources.FilePath}: exports has 257 items; allowed: at most 256",
            _sources.WithFile($"{{ \"exports\": [{string.Join(",", items)}] }}").ReadError());
    }

    [Fact]
    public void A_rule_has_64_lines_of_each_kind_at_most()
    {
        var lines = Enumerable.Range(0, 65).Select(i => string.Create(CultureInfo.InvariantCulture, $"\"10.0.0.{i}\"")).ToArray();
        Assert.Equal(64, _sources.WithFile(With(lines[..64])).Read().Exports[0].Access.Deny.Length);
        Assert.Equal($"{_sources.FilePath}: exports[0].deny has 65 items; allowed: at most 64", _sources.WithFile(With(lines)).ReadError());

        static string With(string[] lines) => $"{{ \"exports\": [{{ \"match\": \"1-1\", \"deny\": [{string.Join(",", lines)}] }}] }}";
    }

    private static Selector Selector(string text) => Samples.Selector(text);

    private static AccessRule Rule(string text) => AccessRule.TryParse(text, out var rule, out var problem) ? rule : throw new FormatException(problem);
}
