using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

public sealed class ExportPlanTests
{
    private const string Hub = "it is a hub";
    private static readonly Access Anna = new([new AccessRule(null, "anna", null)], []);
    private static readonly Access Bert = new([new AccessRule(null, "bert", null)], []);
    private static readonly ClusterDevice A = Device("1-1", "A");
    private static readonly ClusterDevice B = Device("1-2", "B");
    private static readonly ClusterDevice Bare = Device("1-3", null);

    [Fact]
    public void Nothing_is_exported_by_itself() => Assert.Equal(new ExportDecision(false, null, Access.Open), ExportPlan.Empty.Decide(A, null));

    [Fact]
    public void The_first_rule_that_matches_counts()
    {
        var plan = Rules(("serial=B", "other", Bert), ("0525:a4a5", "first", Anna), ("serial=A", "second", Bert));
        Assert.Equal(new ExportDecision(true, "first", Anna, ByRule: true), plan.Decide(A, null));
        Assert.Equal(new ExportDecision(true, "other", Bert, ByRule: true), plan.Decide(B, null));
    }

    [Theory]
    [InlineData("0525:a4a5", false)]
    [InlineData("product=*", false)]
    [InlineData("serial=A", true)]
    [InlineData("1-1", true)]
    [InlineData("lab1/1-1", true)]
    [InlineData("lab2/1-1", false)]
    public void A_rule_exports_a_protected_device_only_when_it_names_it(string match, bool expected)
    {
        Assert.Equal(expected, Rules((match, "it", Anna)).Decide(A, Hub).Export);
        Assert.Equal(expected ? "it" : null, Rules((match, "it", Anna)).Decide(A, Hub).Name);
    }

    [Fact]
    public void A_rule_that_names_a_protected_device_counts_although_a_wider_one_stands_before_it() =>
        Assert.Equal(new ExportDecision(true, "kb", Bert, ByRule: true), Rules(("0525:a4a5", null, Anna), ("serial=A", "kb", Bert)).Decide(A, Hub));

    [Fact]
    public void The_policy_of_a_rule_stands_for_a_device_that_somebody_else_exports()
    {
        Assert.Equal(Anna, Rules(("0525:a4a5", null, Anna)).Decide(A, Hub).Access);
        Assert.Equal(Anna, Rules(("0525:a4a5", null, Anna)).Unbind(A, [A]).Decide(A, null).Access);
        Assert.Equal(Bert, Rules().Bind(Parse("0525:a4a5"), [A, B], null, Bert, isProtected: false).Unbind(A, [A, B]).Decide(A, null).Access);
    }

    [Fact]
    public void A_bound_device_is_exported_with_the_policy_and_the_name_of_its_rule_unless_it_has_its_own()
    {
        var plan = Rules(("0525:a4a5", "rule", Anna));
        Assert.Equal(new ExportDecision(true, "rule", Anna), plan.Bind(Parse("1-1"), [A], null, null, false).Decide(A, null));
        Assert.Equal(new ExportDecision(true, "mine", Anna), plan.Bind(Parse("1-1"), [A], "mine", null, false).Decide(A, null));
        Assert.Equal(new ExportDecision(true, "rule", Bert), plan.Bind(Parse("1-1"), [A], null, Bert, false).Decide(A, null));
    }

    [Fact]
    public void A_device_that_is_not_there_is_exported_when_it_comes() =>
        Assert.True(ExportPlan.Empty.Bind(Parse("serial=A"), [], null, null, false).Decide(A, null).Export);

    [Fact]
    public void Binding_again_keeps_the_name_and_the_access()
    {
        var plan = ExportPlan.Empty.Bind(Parse("serial=A"), [A], "gold", Anna, false).Bind(Parse("serial=A"), [A], null, null, false);
        Assert.Single(plan.Kept);
        Assert.Equal(new ExportDecision(true, "gold", Anna), plan.Decide(A, null));
        plan = plan.Bind(Parse("serial=A"), [A], "silver", Bert, false);
        Assert.Single(plan.Kept);
        Assert.Equal(new ExportDecision(true, "silver", Bert), plan.Decide(A, null));
    }

    [Fact]
    public void Binding_in_other_words_does_not_open_what_was_restricted()
    {
        var plan = ExportPlan.Empty.Bind(Parse("serial=A"), [A], "gold", Anna, false).Bind(Parse("1-1"), [A], null, null, false);
        Assert.Equal(new ExportDecision(true, "gold", Anna), plan.Decide(A, null));
        Assert.Equal(Bert, plan.Bind(Parse("0525:a4a5"), [A, B], null, Bert, false).Decide(A, null).Access);
    }

    [Fact]
    public void A_protected_device_is_exported_when_it_was_meant()
    {
        var wide = ExportPlan.Empty.Bind(Parse("0525:a4a5"), [A, B], null, Anna, isProtected: false);
        Assert.Equal(new ExportDecision(false, null, Anna), wide.Decide(A, Hub));
        Assert.True(wide.Decide(A, null).Export);
        var meant = wide.Bind(Parse("serial=A"), [A], null, null, isProtected: true);
        Assert.True(meant.Decide(A, Hub).Export);
        Assert.False(meant.Decide(B, Hub).Export);
        Assert.True(meant.Bind(Parse("serial=A"), [], null, null, isProtected: false).Decide(A, Hub).Export);
    }

    [Fact]
    public void An_entry_that_does_not_mean_a_protected_device_leaves_the_older_one_that_does()
    {
        var plan = ExportPlan.Empty.Bind(Parse("serial=A"), [A], null, null, true).Bind(Parse("0525:a4a5"), [A, B], null, null, false);
        Assert.True(plan.Decide(A, Hub).Export);
    }

    [Fact]
    public void Unbinding_forgets_what_was_bound()
    {
        var plan = ExportPlan.Empty.Bind(Parse("0525:a4a5"), [A], "x", Anna, false).Bind(Parse("serial=A"), [A], null, null, false);
        Assert.Equal(ExportPlan.Empty, plan.Unbind(A, [A]));
        Assert.Equal(ExportPlan.Empty, plan.Unbind(A, []));
        Assert.Equal(ExportPlan.Empty, ExportPlan.Empty.Unbind(A, [A, B]));
    }

    [Fact]
    public void Unbinding_one_of_several_excludes_it_alone()
    {
        var plan = ExportPlan.Empty.Bind(Parse("0525:a4a5"), [A, B, Bare], null, null, false).Unbind(A, [A, B, Bare]).Unbind(Bare, [A, B, Bare]);
        Assert.Equal(["0525:a4a5", "serial=A,0525:a4a5", "1-3,0525:a4a5"], plan.Kept.Select(kept => kept.Match.Text));
        Assert.Equal([false, true, false], new[] { A, B, Bare }.Select(device => plan.Decide(device, null).Export));
        Assert.Equal(plan, plan.Unbind(A, [A, B]));
        Assert.False(plan.Decide(A with { Device = A.Device with { BusId = BusId.Parse("7-7") } }, null).Export);
        Assert.True(plan.Decide(Bare with { Device = Bare.Device with { BusId = BusId.Parse("7-7") } }, null).Export);
    }

    [Fact]
    public void What_exports_all_that_match_stays_until_it_is_taken_back_in_the_same_words()
    {
        var plan = ExportPlan.Empty.Bind(Parse("0525:a4a5"), [A], null, Anna, false, all: true).Bind(Parse("0525:a4a5"), [A], null, null, false);
        plan = plan.Unbind(A, [A]);
        Assert.Equal(new ExportDecision(false, null, Anna), plan.Decide(A, null));
        Assert.True(plan.Decide(B, null).Export);
        Assert.True(plan.Forget(Parse("product=*")).Decide(B, null).Export);
        Assert.False(plan.Forget(Parse("0525:a4a5")).Decide(B, null).Export);
    }

    [Fact]
    public void What_is_bound_by_its_name_is_forgotten_when_it_is_unbound_also_when_all_were_meant()
    {
        var named = A with { Device = A.Device with { Name = "gold" } };
        Assert.Equal(ExportPlan.Empty, ExportPlan.Empty.Bind(Parse("name=gold"), [named], null, null, false, all: true).Unbind(named, [named]));
    }

    [Fact]
    public void Unbinding_what_a_rule_exports_excludes_it_until_it_is_bound_again()
    {
        var plan = Rules(("0525:a4a5", "rule", Anna)).Unbind(A, [A, B]);
        Assert.Equal(new ExportDecision(false, null, Anna), plan.Decide(A, null));
        Assert.True(plan.Decide(B, null).Export);
        plan = plan.Bind(Parse("1-1"), [A], null, null, false);
        Assert.Equal(["1-1"], plan.Kept.Select(kept => kept.Match.Text));
        Assert.Equal(new ExportDecision(true, "rule", Anna), plan.Decide(A, null));
        Assert.False(plan.Unbind(A, [A, B]).Decide(A, null).Export);
    }

    [Fact]
    public void Unbinding_a_protected_device_holds_when_nothing_protects_it_any_more() =>
        Assert.False(Rules(("0525:a4a5", null, Anna)).Unbind(A, [A]).Decide(A, null).Export);

    [Fact]
    public void Of_two_devices_with_one_serial_only_the_one_that_was_unbound_is_excluded()
    {
        var twin = Device("1-9", "A");
        var plan = Rules(("0525:a4a5", null, Anna)).Unbind(A, [A, twin]);
        Assert.False(plan.Decide(A, null).Export);
        Assert.True(plan.Decide(twin, null).Export);
    }

    [Fact]
    public void What_is_bound_by_its_name_is_kept_by_what_it_is()
    {
        var named = A with { Device = A.Device with { Name = "gold" } };
        var plan = ExportPlan.Empty.Bind(Parse("name=gold"), [named], "silver", Anna, true);
        var kept = Assert.Single(plan.Kept);
        Assert.Equal(new KeptExport(Parse("serial=A,0525:a4a5"), true, "silver", Anna, true), kept);
        Assert.Equal(plan, plan.Bind(Parse("name=gold"), [], null, null, false));
    }

    [Fact]
    public void The_oldest_exclusions_go_first_and_then_the_oldest_exports()
    {
        var plan = Rules(("0525:a4a5", null, Anna));
        plan = plan with { Kept = [.. plan.Bind(Parse("serial=first"), [], null, null, false).Kept] };
        var all = Enumerable.Range(0, ExportPlan.MaxKept).Select(number => Device("2-" + number, "S" + number)).ToArray();
        foreach (var device in all)
            plan = plan.Unbind(device, all);
        Assert.Equal(ExportPlan.MaxKept, plan.Kept.Length);
        Assert.True(plan.Kept[0].Export);
        Assert.True(plan.Decide(all[0], null).Export);
        Assert.False(plan.Decide(all[1], null).Export);

        for (var i = 0; i < ExportPlan.MaxKept; i++)
            plan = plan.Bind(Parse("serial=new" + i), [], null, null, false);
        Assert.Equal(ExportPlan.MaxKept, plan.Kept.Length);
        Assert.Equal("serial=new0", plan.Kept[0].Match.Text);
        Assert.All(plan.Kept, kept => Assert.True(kept.Export));
    }

    [Fact]
    public void Whatever_was_said_before_the_last_word_holds()
    {
        var random = new Random(20240509);
        ClusterDevice[] all = [A, B, Bare, Device("1-4", "A"), Device("1-5", "D,\\")];
        string[] selectors = ["0525:a4a5", "serial=A", "1-1", "product=*", "lab1/1-3", "class=mass-storage", "serial=B,1-2"];
        for (var run = 0; run < 300; run++)
        {
            var plan = random.Next(2) == 0 ? ExportPlan.Empty : Rules(("0525:a4a5", null, Anna));
            for (var step = 0; step < 12; step++)
            {
                var device = all[random.Next(all.Length)];
                if (random.Next(2) == 0)
                {
                    var selector = Parse(selectors[random.Next(selectors.Length)]);
                    ClusterDevice[] meant = [.. all.Where(one => selector.Matches(one, one.Node))];
                    plan = plan.Bind(selector, meant, null, null, false, all: random.Next(2) == 0);
                    Assert.All(meant, one => Assert.True(plan.Decide(one, null).Export));
                }
                else
                {
                    var before = plan;
                    plan = plan.Unbind(device, all);
                    Assert.False(plan.Decide(device, null).Export);
                    Assert.All(all.Where(one => one != device), one => Assert.Equal(before.Decide(one, null).Export, plan.Decide(one, null).Export));
                }

                Assert.Equal(plan.Kept.Length, plan.Kept.Select(kept => kept.Match.Text).Distinct().Count());
            }
        }
    }

    private static ExportPlan Rules(params (string Match, string? Name, Access Access)[] rules) =>
        new([.. rules.Select(rule => new ExportRule(Parse(rule.Match), rule.Name, rule.Access))], []);

    private static Selector Parse(string text) => Samples.Selector(text);

    private static ClusterDevice Device(string busId, string? serial) =>
        Samples.Device("lab1", Samples.Entry(busId, DeviceState.Unbound) with { Serial = serial });
}
