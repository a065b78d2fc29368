using System.CommandLine;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;
using UsbIpCluster.Doctor;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Cli.Commands;

/// <summary>
/// <c>usbipc doctor</c>: what is wrong with this node and between the nodes, and what to do. Where no daemon answers, that is wrong, and
/// this command does the checks that it can do. One that answers and says why it did not examine the nodes is there: what a command can see
/// of a machine without a daemon would be wrong then.
/// </summary>
internal sealed class DoctorCommand : CliCommand
{
    // What daemon and socket need besides the examination.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(3);

    // Of the time that the user gives, the daemon gets this much, so that its answer is here in time.
    private const double ShareOfDaemon = 0.75;

    private readonly Option<string?> _config = new("--config")
    {
        Description = $"The daemon's configuration, for when no daemon answers [default: {ConfigurationFile.DefaultPath}]",
        HelpName = "FILE",
    };

    public DoctorCommand()
        : base("doctor", "Say what is wrong with this node and between the nodes, and what to do about it") => Add(_config);

    /// <inheritdoc/>
    public override async Task RunAsync(Session session, ParseResult arguments)
    {
        var report = await ExamineAsync(session, arguments.GetValue(_config));
        var output = session.Surroundings;
        if (session.Json)
            JsonOutput.WriteRow(output.Out, report, ControlJson.Default.DoctorReport);
        else
            DoctorOutput.Write(output, report, session.Verbose);
        session.ExitCode = report.Healthy ? 0 : ControlError.Failed.ExitCode();
    }

    private static async Task<DoctorReport> ExamineAsync(Session session, string? configuration)
    {
        var within = session.GivenTimeout is { } given
            ? Math.Clamp(given.TotalSeconds * ShareOfDaemon, DoctorParams.Least, DoctorParams.Most)
            : DoctorParams.Most;
        try
        {
            return await session.AskAsync(
                "the nodes",
                async (client, cancelled) =>
                {
                    var version = await client.VersionAsync(new VersionParams(), cancelled);
                    var checks = await ChecksAsync(client, version.Node, within, cancelled);
                    var clock = KernelChecks.Clock(version.Node, KernelClock.Read());
                    return DoctorReport.Of([DaemonChecks.Answers(version, VersionCommand.Own), .. checks, clock]);
                },
                TimeSpan.FromSeconds(within) + Margin);
        }
        catch (ControlException error) when (error.Error != ControlError.Usage)
        {
            return Alone(session, configuration, error);
        }
    }

    private static async Task<IReadOnlyList<DoctorRow>> ChecksAsync(
        ControlClient client, string node, double within, CancellationToken cancelled)
    {
        try
        {
            return (await client.DoctorAsync(new DoctorParams(within), cancelled)).Checks;
        }
        catch (ControlException error) when (error.Error != ControlError.Usage)
        {
            // Who has said why goes on answering; who has ended meanwhile does not.
            await client.VersionAsync(new VersionParams(), cancelled);
            return [DaemonChecks.Unexamined(node, error)];
        }
    }

    private static DoctorReport Alone(Session session, string? configuration, ControlException error)
    {
        var sysfs = new Sysfs();
        var configured = ConfigurationFile.Read(configuration, Environment.MachineName, out var problem);
        var settings = configured with { Control = session.SocketPath };
        return DoctorReport.Of(
        [
            DaemonChecks.Absent(settings.Node, error, DaemonChecks.IsInstalled(sysfs)),
            .. problem is null ? Array.Empty<DoctorRow>() : [DaemonChecks.Configuration(settings.Node, problem)],
            .. MachineChecks.Run(sysfs, settings, null, session.Surroundings.Clock.GetUtcNow()),
            KernelChecks.Clock(settings.Node, KernelClock.Read()),
        ]);
    }
}
