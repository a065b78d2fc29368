using System.Collections.Immutable;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using UsbIpCluster.Control;
using UsbIpCluster.Doctor;
using UsbIpCluster.Userspace;

namespace UsbIpCluster.Node.Tests;

/// <summary>What the command asks of the daemon, with the real actors behind it but those of the cluster.</summary>
public sealed class ControlHandlerTests : TestKit, IAsyncLifetime
{
    private static readonly VersionRow Version = new("1.0", "lab1", 1, ".NET", "1.1.1", Samples.Time);

    private LoneNode _node = null!;
    private ControlHandler _handler = null!;
    private NodeLife _life = null!;
    private CheckedSettings _settings = new()
    {
        Node = "lab1",
        State = TempState.NewPath(),
        Control = TempState.NewPath(),
        ExportsByKernel = false,
        AttachesByKernel = false,
    };

    // What the examination of the machine and the knocking wait for, and how often each was begun.
    private readonly ManualResetEventSlim _mayLook = new(initialState: true);
    private TaskCompletionSource _mayKnock = Passed();
    private int _looks;
    private int _knocks;

    public async Task InitializeAsync()
    {
        _node = await LoneNode.StartAsync(Sys, new SimulatedSerial("S-1"), new SimulatedSerial("S-2"), new SimulatedKeyboard("K-1"));
        var members = new MembershipView(Self, MembershipView.Empty.Members
            .Add(Self, new MemberState("up", true))
            .Add(Samples.AddressOf("lab2"), new MemberState("up", false, DateTimeOffset.UtcNow - TimeSpan.FromMinutes(150)))
            .Add(Samples.AddressOf("lab3"), new MemberState("joining", true)));
        var membership = Sys.ActorOf(Props.Create(() => new Membership(members)));
        var inventory = _node.Inventory;
        Func<ImmutableArray<Probe>, TimeSpan, Task<ImmutableArray<Probe>>> probe = Prober.RunAsync;
        var examiner = Sys.ActorOf(Props.Create(() => new ExaminerActor(membership, inventory, probe)));
        Func<string, ICanTell> examinerAt = _ => examiner;
        var doctor = Sys.ActorOf(Props.Create(() => new DoctorActor(membership, inventory, examinerAt)));
        _life = new NodeLife(new ControlActors(_node.Inventory, membership, _node.Exports, _node.Attachments, doctor), CancellationToken.None);
        var desk = new DoctorDesk(
            () => _settings,
            [ImportServer.Nowhere],
            () =>
            {
                Interlocked.Increment(ref _looks);
                _mayLook.Wait();
                return new DaemonFacts(AttachesByKernel: false, Ends: null);
            },
            async (seed, within) =>
            {
                Interlocked.Increment(ref _knocks);
                await _mayKnock.Task;
                return await Prober.WhyNotAsync(seed, within);
            });
        var facts = new NodeFacts(
            Version, "[::]:3240", HasSeeds: true, ["simulated"], "simulated", Tls: null, () => [new ProblemRow("something is off", "switch it on")]);
        _handler = new ControlHandler(
            () => Task.FromResult(_life), _node.Events, facts, desk, new LocalPorts(_node.Controller, _node.Holders));
        _node.Inventory.Tell(members);
        _node.Inventory.Tell(new InventoryActor.Announce(Samples.Node("lab2", Samples.Entry("1-1"))));
        await AwaitAssertAsync(
            async () => Assert.Equal(4, (await _node.ViewAsync()).Devices.Count()), LoneNode.Patience, TimeSpan.FromMilliseconds(5));
    }

    public async Task DisposeAsync()
    {
        _mayLook.Set();
        _mayKnock.TrySetResult();
        await _node.DisposeAsync();
    }

    [Theory]
    [InlineData(null, false, "lab1/sim-0 lab1/sim-1 lab1/sim-2 lab2/1-1")]
    [InlineData(null, true, "lab1/sim-0 lab1/sim-1 lab1/sim-2")]
    [InlineData("class=hid", false, "lab1/sim-2")]
    [InlineData("0525:a4a5", false, "lab2/1-1")]
    [InlineData("0525:a4a5", true, "")]
    public async Task List_shows_what_is_meant(string? selector, bool local, string devices)
    {
        var rows = await ListAsync(selector, local);
        Assert.Equal(devices, string.Join(' ', rows.Select(row => $"{row.Node}/{row.BusId}")));
    }

    [Fact]
    public async Task List_shows_what_a_plain_server_offers()
    {
        await _node.BindAsync("sim-1");
        var rows = await _handler.ListAsync(new ListParams(Remote: _node.Address.ToString()), default, CancellationToken.None);
        Assert.Equal(("127.0.0.1", "sim-1", "remote"), rows.Select(row => (row.Node, row.BusId, row.Backend)).Single());
    }

    [Fact]
    public async Task A_server_that_is_nowhere_is_an_error_of_its_own()
    {
        var error = await FailsAsync(_handler.ListAsync(new ListParams(Remote: ImportServer.Nowhere.ToString()), default, CancellationToken.None));
        Assert.Equal(ControlError.Failed, error.Error);
    }

    [Fact]
    public async Task Doctor_examines_the_machine_the_seeds_and_the_nodes()
    {
        var report = await _handler.DoctorAsync(new DoctorParams(2), default, CancellationToken.None);
        Assert.False(report.Healthy);
        Assert.Equal("error", Assert.Single(report.Checks, row => row.Check == DoctorChecks.State).Result);
        Assert.Equal("warning", Assert.Single(report.Checks, row => row.Check == DoctorChecks.Seed).Result);
        Assert.Equal(
            [("lab2", "warning"), ("lab3", "warning")],
            report.Checks.Where(row => row.Check == DoctorChecks.NodeAnswers).Select(row => (row.Target, row.Result)));
        Assert.Equal(
            [("lab1", "lab2", "error"), ("lab1", "lab3", "error")],
            report.Checks.Where(row => row.Check == DoctorChecks.ReachCluster).Select(row => (row.Node, row.Target, row.Result)));
        Assert.All(report.Checks, row => Assert.Equal(row.Result == DoctorResults.Ok, row.Hint is null));
    }

    [Fact]
    public async Task Doctor_looks_at_the_machine_and_knocks_once_at_a_time_however_many_ask()
    {
        _mayLook.Reset();
        _mayKnock = new TaskCompletionSource();
        var asked = Enumerable.Range(0, 20)
            .Select(_ => _handler.DoctorAsync(new DoctorParams(10), default, CancellationToken.None)).ToArray();
        await AwaitAssertAsync(() => Assert.NotEqual((0, 0), (_looks, _knocks)), LoneNode.Patience, TimeSpan.FromMilliseconds(5));
        await Task.Delay(50);
        Assert.Equal((1, 1), (_looks, _knocks));
        _mayLook.Set();
        _mayKnock.SetResult();
        var reports = await Task.WhenAll(asked);
        Assert.All(reports, report => Assert.Contains(report.Checks, row => row.Check == DoctorChecks.State));
        Assert.All(reports, report => Assert.Single(report.Checks, row => row.Check == DoctorChecks.Seed));

        // Who asks later gets what is true then.
        await _handler.DoctorAsync(new DoctorParams(10), default, CancellationToken.None);
        Assert.Equal((2, 2), (_looks, _knocks));
    }

    [Fact]
    public async Task Doctor_waits_for_machine_and_seeds_no_longer_than_it_may_and_says_so()
    {
        _mayLook.Reset();
        _mayKnock = new TaskCompletionSource();
        var report = await _handler.DoctorAsync(new DoctorParams(1), default, CancellationToken.None);
        Assert.Equal(
            "the machine could not be looked at in time: a disk may not answer",
            Assert.Single(report.Checks, row => row.Check == DoctorChecks.State).What);
        Assert.EndsWith("(no answer within 1 s)", Assert.Single(report.Checks, row => row.Check == DoctorChecks.Seed).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_judges_the_settings_that_hold_now()
    {
        Assert.DoesNotContain(await PlainClientsAsync(), row => row.Result == DoctorResults.Warning);
        _settings = _settings with { AdmitsEverybody = true };
        Assert.Contains(await PlainClientsAsync(), row => row.Result == DoctorResults.Warning);

        async Task<IEnumerable<DoctorRow>> PlainClientsAsync() =>
            (await _handler.DoctorAsync(new DoctorParams(2), default, CancellationToken.None)).Checks.Where(row => row.Target == "plainClients");
    }

    [Fact]
    public async Task Doctor_says_when_the_nodes_are_not_examined_in_time()
    {
        _life = _life with { Actors = _life.Actors with { Doctor = CreateTestProbe().Ref } };
        var error = await FailsAsync(_handler.DoctorAsync(new DoctorParams(1), default, CancellationToken.None));
        Assert.Equal((ControlError.TimedOut, "the nodes were not examined within 1 s"), (error.Error, error.Message));
        Assert.NotNull(error.Hint);
    }

    [Theory]
    [InlineData("colour=red", null, "'colour' is no selector key", "use serial, name, product or class")]
    [InlineData("serial=", null, "'serial=' needs a value", "a selector is VID:PID, serial=S, ")]
    [InlineData(null, "a b", "'a b' is no host", "use HOST or HOST:PORT")]
    [InlineData(null, "host:99999", "'host:99999' is no host", "use HOST or HOST:PORT")]
    public async Task What_is_malformed_is_a_usage_error_that_says_what_is_allowed(
        string? selector, string? remote, string message, string hint)
    {
        var error = await FailsAsync(_handler.ListAsync(new ListParams(selector, Remote: remote), default, CancellationToken.None));
        Assert.Equal((ControlError.Usage, message), (error.Error, error.Message));
        Assert.StartsWith(hint, error.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nodes_shows_who_is_known_and_who_is_a_member()
    {
        var rows = await _handler.NodesAsync(new NodesParams(), default, CancellationToken.None);
        Assert.Equal(["lab1", "lab2", "lab3"], rows.Select(row => row.Node));
        Assert.Equal(["up", "up", "joining"], rows.Select(row => row.Status));
        Assert.Equal([true, false, true], rows.Select(row => row.Reachable));
        Assert.Equal([true, false, false], rows.Select(row => row.Self));
        Assert.Equal([3, 1, 0], rows.Select(row => row.Devices));
    }

    [Fact]
    public async Task Bind_exports_a_device_of_this_node()
    {
        var row = Assert.Single(await BindAsync("serial=S-2", "golden"));
        Assert.Equal(("lab1", "sim-1", "available", "golden"), (row.Node, row.BusId, row.State, row.Name));
    }

    [Fact]
    public async Task Unbind_exports_it_no_longer()
    {
        await BindAsync("sim-1");
        var row = Assert.Single(await _handler.UnbindAsync(new UnbindParams("sim-1"), default, CancellationToken.None));
        Assert.Equal(("sim-1", "unbound"), (row.BusId, row.State));
        var error = await FailsAsync(_handler.UnbindAsync(new UnbindParams("sim-1"), default, CancellationToken.None));
        Assert.Equal((ControlError.Unavailable, "lab1/sim-1 is not exported"), (error.Error, error.Message));
    }

    [Fact]
    public async Task Unbind_of_all_takes_those_that_are_exported_and_ends_a_bind_of_all()
    {
        var all = new UnbindParams("class=cdc", All: true);
        await _handler.BindAsync(new BindParams("class=cdc", All: true), default, CancellationToken.None);
        await _handler.UnbindAsync(new UnbindParams("sim-0"), default, CancellationToken.None);
        Assert.Equal("sim-1", Assert.Single(await _handler.UnbindAsync(all, default, CancellationToken.None)).BusId);
        Assert.Equal(ControlError.Unavailable, (await FailsAsync(_handler.UnbindAsync(all, default, CancellationToken.None))).Error);

        // Also where each was unbound before: what is plugged in later is not to be exported.
        await _handler.BindAsync(new BindParams("class=cdc", All: true), default, CancellationToken.None);
        await _handler.UnbindAsync(new UnbindParams("sim-0"), default, CancellationToken.None);
        await _handler.UnbindAsync(new UnbindParams("sim-1"), default, CancellationToken.None);
        Assert.Empty(await _handler.UnbindAsync(all, default, CancellationToken.None));
        Assert.Equal(ControlError.Unavailable, (await FailsAsync(_handler.UnbindAsync(all, default, CancellationToken.None))).Error);
    }

    [Theory]
    [InlineData("1-9", ControlError.NotFound, "no device of this node matches '1-9'", "usbipc list --local shows them")]
    [InlineData("0525:a4a5", ControlError.NotFound, "no device of this node matches '0525:a4a5'", "lab2/1-1 does: run the command on lab2")]
    [InlineData("class=cdc", ControlError.Usage, "'class=cdc' matches 2 devices of this node", "name one of them, for instance by its bus id, or say --all")]
    public async Task Bind_takes_one_device_of_this_node(string selector, ControlError kind, string message, string hint)
    {
        var error = await FailsAsync(BindAsync(selector));
        Assert.Equal((kind, message, hint), (error.Error, error.Message, error.Hint));
    }

    [Fact]
    public async Task What_is_ambiguous_is_listed()
    {
        var error = await FailsAsync(BindAsync("class=cdc"));
        Assert.Equal(["lab1/sim-0", "lab1/sim-1"], error.Candidates.Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public async Task A_name_is_given_once()
    {
        await BindAsync("sim-1", "golden");
        await AwaitAssertAsync(async () => Assert.Contains((await _node.ViewAsync()).Devices, device => device.Device.Name == "golden"));
        var error = await FailsAsync(BindAsync("sim-0", "GOLDEN"));
        Assert.Equal((ControlError.Unavailable, "lab1/sim-1 is called GOLDEN already"), (error.Error, error.Message));
        Assert.Single(await BindAsync("sim-1", "Golden"));
    }

    [Fact]
    public async Task A_name_follows_a_rule() => Assert.Equal(ControlError.Usage, (await FailsAsync(BindAsync("sim-1", "a b"))).Error);

    [Fact]
    public async Task Attach_port_and_detach_show_the_same_row()
    {
        await BindAsync("sim-1");
        await AwaitAssertAsync(async () => Assert.Equal("available", (await ListAsync("serial=S-2")).Single().State));
        var attached = Assert.Single(await _handler.AttachAsync(new AttachParams("serial=S-2", WaitSeconds: 10), default, CancellationToken.None));
        Assert.Equal((0, "a1", "attached", "serial=S-2"), (attached.Port, attached.Id, attached.State, attached.Selector));
        Assert.Equal(attached, Assert.Single(await _handler.PortAsync(new PortParams(), default, CancellationToken.None)));
        var detached = Assert.Single(await _handler.DetachAsync(new DetachParams("a1"), default, CancellationToken.None));
        Assert.Equal(("a1", "lab1", "sim-1"), (detached.Id, detached.Node, detached.BusId));
        var error = await FailsAsync(_handler.DetachAsync(new DetachParams("7"), default, CancellationToken.None));
        Assert.Equal(ControlError.NotFound, error.Error);
    }

    [Fact]
    public async Task A_plain_servers_device_is_attached_by_its_place()
    {
        await BindAsync("sim-1");
        var request = new AttachParams(RemoteHost: _node.Address.ToString(), RemoteBusId: "sim-1", WaitSeconds: 10);
        var attached = Assert.Single(await _handler.AttachAsync(request, default, CancellationToken.None));
        Assert.Equal(("127.0.0.1", "sim-1", _node.Address.ToString()), (attached.Node, attached.BusId, attached.Endpoint));
    }

    [Fact]
    public async Task Status_counts_and_says_what_is_wrong()
    {
        await BindAsync("sim-0");
        await BindAsync("sim-1");
        await _handler.AttachAsync(new AttachParams("serial=S-1", WaitSeconds: 10), default, CancellationToken.None);
        await _handler.AttachAsync(new AttachParams("serial=S-9", WaitSeconds: 0), default, CancellationToken.None).ContinueWith(_ => { }, TaskScheduler.Default);
        await AwaitAssertAsync(
            async () =>
            {
                var status = await _handler.StatusAsync(new StatusParams(), default, CancellationToken.None);
                Assert.Equal(Version, status.Daemon);
                Assert.Equal(new ClusterStatusRow(ClusterAddress.Place(Self).ToString(), "up", 3, 2, null), status.Cluster);
                Assert.Equal((3, 2, 1, false), (status.Exports.Devices, status.Exports.Exported, status.Exports.InUse, status.Exports.Draining));
                Assert.Equal(new AttachmentStatusRow("simulated", 2, 1, 0, 0), status.Attachments);
                Assert.Collection(
                    status.Problems,
                    problem => Assert.Equal(new ProblemRow("something is off", "switch it on"), problem),
                    problem => Assert.Equal("lab2 at lab2:7240 can't be reached for 2 h", problem.What),
                    problem => Assert.StartsWith("attachment a2 (serial=S-9) is waiting for ", problem.What));
            },
            LoneNode.Patience,
            TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public async Task Version_and_events_are_told()
    {
        Assert.Equal(Version, await _handler.VersionAsync(new VersionParams(), default, CancellationToken.None));
        var events = await _handler.EventsAsync(new EventsParams(), default, CancellationToken.None);
        Assert.Contains(events.Recent, row => row is { Kind: EventKinds.DeviceAdded, BusId: "sim-0" });
        Assert.Null(events.Later);
    }

    [Fact]
    public async Task What_changes_nothing_is_answered_by_the_next_actors_when_the_first_end_meanwhile()
    {
        var (next, asked) = (_life, CreateTestProbe());
        using var ended = Silence(asked);
        var rows = _handler.PortAsync(new PortParams(), default, CancellationToken.None);
        await asked.ExpectMsgAsync<AttachmentManager.GetSnapshot>();
        _life = next;
        await ended.CancelAsync();
        Assert.Empty(await rows);
    }

    [Fact]
    public async Task What_changes_something_fails_when_the_actors_end_meanwhile_and_says_where_to_look()
    {
        var (next, asked) = (_life, CreateTestProbe());
        using var ended = Silence(asked);
        var rows = _handler.DetachAsync(new DetachParams("a1"), default, CancellationToken.None);
        await asked.ExpectMsgAsync<AttachmentManager.Detach>();
        _life = next;
        await ended.CancelAsync();
        var error = await FailsAsync(rows);
        Assert.Equal(ControlError.Failed, error.Error);
        Assert.Contains("usbipc port", error.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lab2")]
    [InlineData("LAB2")]
    [InlineData("lab2:7240")]
    public async Task A_node_is_removed_by_its_name_or_its_address(string node)
    {
        var removed = Assert.Single(await _handler.RemoveNodeAsync(new RemoveNodeParams(node), default, CancellationToken.None));
        Assert.Equal(("lab2", "lab2:7240"), (removed.Node, removed.Address));
    }

    [Fact]
    public async Task A_node_that_is_none_is_not_removed()
    {
        var error = await FailsAsync(_handler.RemoveNodeAsync(new RemoveNodeParams("lab9"), default, CancellationToken.None));
        Assert.Equal((ControlError.NotFound, "there is no node lab9"), (error.Error, error.Message));
    }

    // Actors that answer nothing, and end when the source is cancelled.
    private CancellationTokenSource Silence(IActorRef actor)
    {
        var ended = new CancellationTokenSource();
        _life = new NodeLife(_life.Actors with { Attachments = actor }, ended.Token);
        return ended;
    }

    private string Self => _node.Inventory.Path.Address.ToString();

    private Task<IReadOnlyList<DeviceRow>> ListAsync(string? selector, bool local = false) =>
        _handler.ListAsync(new ListParams(selector, local), default, CancellationToken.None);

    private Task<IReadOnlyList<DeviceRow>> BindAsync(string selector, string? name = null) =>
        _handler.BindAsync(new BindParams(selector, name), default, CancellationToken.None);

    private static TaskCompletionSource Passed()
    {
        var passed = new TaskCompletionSource();
        passed.SetResult();
        return passed;
    }

    private static Task<ControlException> FailsAsync(Task task) => Assert.ThrowsAsync<ControlException>(() => task);

    private sealed class Membership : ReceiveActor
    {
        public Membership(MembershipView members)
        {
            Receive<MembershipActor.GetMembers>(_ => Sender.Tell(members));
            Receive<MembershipActor.Remove>(
                remove => remove.Address == Samples.AddressOf("lab2"),
                remove => Sender.Tell(new MembershipActor.Gone(remove.Address, IsSelf: false)));
        }
    }
}
