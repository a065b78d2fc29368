using System.Collections.Immutable;
using System.Net;
using Akka.Actor;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Doctor;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Node;

/// <summary>
/// What <c>usbipc doctor</c> asks of the daemon: the checks of this machine, and those of the cluster at the same time. However many ask, the
/// machine is looked at once at a time, and each seed is knocked at once at a time.
/// </summary>
internal sealed class DoctorDesk
{
    // Disks and processes are looked at as well.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    // As long as the most patient one waits.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(DoctorParams.Most);

    private readonly Func<CheckedSettings> _settings;
    private readonly OneAtATime<ImmutableArray<DoctorRow>> _machine;
    private readonly ImmutableArray<Seed> _seeds;

    /// <param name="settings">Of this daemon, as they are now.</param>
    /// <param name="seeds">Where it knocks.</param>
    /// <param name="facts">What it knows of itself now.</param>
    /// <param name="whyNot">Connects to a seed: <see cref="Prober.WhyNotAsync(NetworkAddress, TimeSpan)"/>.</param>
    public DoctorDesk(
        Func<CheckedSettings> settings,
        ImmutableArray<NetworkAddress> seeds,
        Func<DaemonFacts> facts,
        Func<NetworkAddress, TimeSpan, Task<string?>> whyNot)
    {
        _settings = settings;
        _machine = new OneAtATime<ImmutableArray<DoctorRow>>(() => Task.Factory.StartNew(
            () => MachineChecks.Run(new Sysfs(), settings(), facts(), DateTimeOffset.UtcNow),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default));
        _seeds = [.. seeds.Select(seed => new Seed(seed, whyNot))];
    }

    /// <summary>What the checks need to know of a daemon's options.</summary>
    /// <param name="options">What it was started with.</param>
    /// <param name="serving">Who is served now: that can have been changed since.</param>
    public static CheckedSettings SettingsOf(NodeOptions options, ListenerSettings serving) => new()
    {
        Node = options.Node.Value,
        State = options.State,
        Control = options.Control,
        ListenPort = options.Listen.Port,
        ClusterListen = options.ClusterListen,
        Tls = options.Tls,
        Insecure = options.Tls is null,
        ExportsByKernel = options.Exporters.Contains(ExporterKind.Kernel),
        AttachesByKernel = options.HostController == HostControllerKind.Kernel,
        AdmitsEverybody = serving.PlainClients.Any(network => network.PrefixLength == 0),
    };

    /// <summary>Runs all checks.</summary>
    /// <param name="doctor">The <see cref="DoctorActor"/>.</param>
    /// <param name="within">How long those of the cluster may take.</param>
    /// <param name="ended">Cancelled when the actors answer no more.</param>
    public async Task<DoctorReport> ExamineAsync(IActorRef doctor, TimeSpan within, CancellationToken ended)
    {
        var settings = _settings();
        var machine = MachineAsync(settings, within + Grace);
        var cluster = doctor.Ask<ClusterExamination>(new DoctorActor.ExamineAll(within), within + Grace, ended);
        var knocks = Task.WhenAll(_seeds.Select(seed => SeedAsync(seed, within)));
        var examination = await cluster;
        return DoctorReport.Of(
        [
            .. await machine,
            .. (await knocks).Select(seed => SeedChecks.Judge(settings.Node, seed, examination.Members)),
            .. ClusterChecks.Of(examination),
        ]);
    }

    // A disk that does not answer holds up the daemon's own files, and no report.
    private async Task<ImmutableArray<DoctorRow>> MachineAsync(CheckedSettings settings, TimeSpan within)
    {
        try
        {
            return await _machine.RunAsync().WaitAsync(within);
        }
        catch (TimeoutException)
        {
            return
            [
                DoctorRow.Error(
                    DoctorChecks.State, settings.Node, settings.State, "the machine could not be looked at in time: a disk may not answer",
                    $"dmesg; df {settings.State}"),
            ];
        }
    }

    // Who joins a knock that is under way has waited less long than that has: what is said of it is true for both.
    private static async Task<SeedChecks.Seed> SeedAsync(Seed seed, TimeSpan within)
    {
        var deadline = Deadline.After(within);
        IReadOnlyList<IPEndPoint> endPoints = [];
        try
        {
            endPoints = await seed.Resolve.RunAsync().WaitAsync(deadline.Remaining);
            var failure = await seed.Knock.RunAsync().WaitAsync(deadline.Remaining);
            return new SeedChecks.Seed(seed.Address, [.. endPoints], failure);
        }
        catch (Exception error) when (error is DeviceException or TimeoutException or OperationCanceledException)
        {
            var failure = error is DeviceException ? error.Message
                : endPoints.Count == 0 ? $"its name was not found within {within.TotalSeconds:0.#} s"
                : $"no answer within {within.TotalSeconds:0.#} s";
            return new SeedChecks.Seed(seed.Address, [.. endPoints], failure);
        }
    }

    /// <summary>A seed, and what is under way for it.</summary>
    private sealed class Seed(NetworkAddress address, Func<NetworkAddress, TimeSpan, Task<string?>> whyNot)
    {
        public NetworkAddress Address => address;

        public OneAtATime<IReadOnlyList<IPEndPoint>> Resolve { get; } = new(async () =>
        {
            using var end = new CancellationTokenSource(Longest);
            return await address.ResolveAsync(end.Token);
        });

        public OneAtATime<string?> Knock { get; } = new(() => whyNot(address, Longest));
    }
}
