using System.Collections.Immutable;
using Akka.Actor;
using UsbIpCluster.Control;
using UsbIpCluster.Doctor;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Node;

/// <summary>What <c>usbipc doctor</c> asks of the daemon: the checks of this machine, and those of the cluster at the same time.</summary>
/// <param name="settings">Of this daemon.</param>
/// <param name="seeds">Where it knocks.</param>
/// <param name="facts">What it knows of itself now.</param>
internal sealed class DoctorDesk(CheckedSettings settings, ImmutableArray<NetworkAddress> seeds, Func<DaemonFacts> facts)
{
    // Disks and processes are looked at as well.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>What the checks need to know of a daemon's options.</summary>
    public static CheckedSettings SettingsOf(NodeOptions options) => new()
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
        AdmitsEverybody = options.PlainClients.Any(network => network.PrefixLength == 0),
    };

    /// <summary>Runs all checks.</summary>
    /// <param name="doctor">The <see cref="DoctorActor"/>.</param>
    /// <param name="within">How long those of the cluster may take.</param>
    /// <param name="ended">Cancelled when the actors answer no more.</param>
    public async Task<DoctorReport> ExamineAsync(IActorRef doctor, TimeSpan within, CancellationToken ended)
    {
        var machine = Task.Factory.StartNew(
            () => MachineChecks.Run(new Sysfs(), settings, facts(), DateTimeOffset.UtcNow),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        var cluster = doctor.Ask<ClusterExamination>(new DoctorActor.ExamineAll(within), within + Grace, ended);
        using var end = new CancellationTokenSource(within);
        var knocks = Task.WhenAll(seeds.Select(seed => SeedAsync(seed, end.Token)));
        var examination = await cluster;
        return DoctorReport.Of(
        [
            .. await MachineAsync(machine, within + Grace),
            .. (await knocks).Select(seed => SeedChecks.Judge(settings.Node, seed, examination.Members)),
            .. ClusterChecks.Of(examination),
        ]);
    }

    // A disk that does not answer holds up the daemon's own files, and no report.
    private async Task<ImmutableArray<DoctorRow>> MachineAsync(Task<ImmutableArray<DoctorRow>> machine, TimeSpan within)
    {
        try
        {
            return await machine.WaitAsync(within);
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

    private static async Task<SeedChecks.Seed> SeedAsync(NetworkAddress seed, CancellationToken end)
    {
        try
        {
            var endPoints = await seed.ResolveAsync(end);
            return new SeedChecks.Seed(seed, [.. endPoints], await Prober.WhyNotAsync(seed, end));
        }
        catch (Exception error) when (error is Devices.DeviceException or OperationCanceledException)
        {
            return new SeedChecks.Seed(seed, [], error is OperationCanceledException ? "its name was not found in time" : error.Message);
        }
    }
}
