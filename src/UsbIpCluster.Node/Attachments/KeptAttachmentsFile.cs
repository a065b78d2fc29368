using System.Collections.Immutable;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Node;

/// <summary>This node's attachments in the state folder: a daemon that starts again goes on with them.</summary>
internal sealed class KeptAttachmentsFile(StateFolder state)
{
    // Nobody has counted that far, and counting on must not come back to 0.
    private const uint MaxId = uint.MaxValue / 2;

    private readonly StateFile<KeptAttachments> _file = new(state, "attachments.json");

    /// <summary>What was kept. What this version does not understand is put aside, and the rest is used.</summary>
    /// <param name="now">The time.</param>
    /// <param name="report">Told of what can't be used.</param>
    public (AttachmentId Last, ImmutableArray<AttachmentRule> Rules, ImmutableArray<AttachmentStatus> Attachments) Read(
        DateTimeOffset now, Action<string> report)
    {
        var kept = _file.Read(out var problem);
        if (problem is not null)
        {
            // What the last id was can't be known: above everything that was ever counted none is given twice.
            return Begin(new AttachmentId((uint)now.ToUnixTimeSeconds()), problem);
        }

        if (kept is null)
            return (default, [], []);
        if (kept.LastId > MaxId)
            return Begin(new AttachmentId((uint)now.ToUnixTimeSeconds()), _file.SetAside("has an id that was never given"));
        if (kept.Version > KeptAttachments.CurrentVersion)
            return Begin(new AttachmentId(kept.LastId), _file.SetAside($"was written by a later version (form {kept.Version})"));

        var problems = new List<string>();
        var ids = new HashSet<AttachmentId>();
        ImmutableArray<AttachmentRule> rules = [.. Lines(kept.Rules, line => ReadRule(line, ids), problems)];
        ImmutableArray<AttachmentStatus> attachments = [.. Lines(kept.Attachments, line => ReadAttachment(line, ids, now), problems)];
        var last = new AttachmentId(ids.Select(id => id.Number).Append(kept.LastId).Max());
        if (problems.Count > 0)
        {
            report(_file.SetAside($"has lines that are left out: {string.Join("; ", problems)}"));
            WriteNow(last, rules, attachments);
        }

        return (last, rules, attachments);

        (AttachmentId, ImmutableArray<AttachmentRule>, ImmutableArray<AttachmentStatus>) Begin(AttachmentId from, string why)
        {
            report($"{why}; what was attached here is not attached again by itself");
            WriteNow(from, [], []);
            return (from, [], []);
        }

        // Before any id is given: the next start must not begin from the first again.
        void WriteNow(AttachmentId from, ImmutableArray<AttachmentRule> good, ImmutableArray<AttachmentStatus> lines)
        {
            try
            {
                WriteAsync(from, good, lines).GetAwaiter().GetResult();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                report(error.Message);
            }
        }
    }

    /// <summary>Writes them, or later ones; completes when they are on the disk.</summary>
    /// <exception cref="IOException">They could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">They could not be written.</exception>
    public Task WriteAsync(AttachmentId last, IEnumerable<AttachmentRule> rules, IEnumerable<AttachmentStatus> attachments)
    {
        ImmutableArray<KeptAttachmentLine> lines = [.. attachments.Select(Line)];
        var version = lines.Any(line => line.Hold is not null) ? KeptAttachments.CurrentVersion : KeptAttachments.WithoutHolds;
        return _file.WriteAsync(new KeptAttachments(last.Number, version, [.. rules.Select(Line)], lines));
    }

    /// <summary>What is kept of an attachment: when two are equal, there is nothing to write.</summary>
    public static KeptAttachmentLine Line(AttachmentStatus status)
    {
        var plan = status.Plan;
        var plain = plan.Target as AttachmentTarget.Plain;
        return new KeptAttachmentLine(
            plan.Id,
            (plan.Target as AttachmentTarget.Device)?.Selector.Text,
            plain?.Server,
            plain?.BusId,
            plan.Once,
            plan.User,
            plan.Rule,
            status.Reattaches,
            status.Device,
            status.Lease is { Lease: var lease } held
                ? new KeptLeaseLine(held.Exporter, held.Address, lease.BusId, lease.Epoch, lease.Endpoints, lease.Secret)
                : null,
            status.Session is { } session
                ? new KeptSessionLine(
                    session.Port.Number, session.Origin.Host, session.Origin.Service, session.Origin.BusId, session.DeviceId.Value)
                : null,
            plan.Hold is { } hold ? new KeptHoldLine(hold.Key, hold.Process?.Id, hold.Process?.Start ?? 0, hold.Process?.Boot) : null);
    }

    private static KeptRuleLine Line(AttachmentRule rule) => new(rule.Id, rule.Match.Text, rule.User, [.. rule.Except.Order()]);

    private static IEnumerable<T> Lines<TLine, T>(ImmutableArray<TLine>? lines, Func<TLine, T> read, List<string> problems)
        where TLine : class?
    {
        foreach (var line in lines ?? [])
        {
            T value;
            try
            {
                value = read(line ?? throw new FormatException("an empty line"));
            }
            catch (FormatException error)
            {
                problems.Add(error.Message);
                continue;
            }

            yield return value;
        }
    }

    private static AttachmentRule ReadRule(KeptRuleLine line, HashSet<AttachmentId> ids)
    {
        var rule = new AttachmentRule(line.Id, Parse(line.Match), line.User, [.. line.Except]);
        return line.Id.Number <= MaxId && ids.Add(line.Id) ? rule : throw new FormatException($"{line.Id} is there twice, or was never given");
    }

    private static AttachmentStatus ReadAttachment(KeptAttachmentLine line, HashSet<AttachmentId> ids, DateTimeOffset now)
    {
        if (line.Id.Number > MaxId || !ids.Add(line.Id))
            throw new FormatException($"{line.Id} is there twice, or was never given");
        AttachmentTarget target = line switch
        {
            { Match: { } match, Server: null, BusId: null } => new AttachmentTarget.Device(Parse(match)),
            { Match: null, Server: { } server, BusId: { } busId } => new AttachmentTarget.Plain(server, busId),
            _ => throw new FormatException($"{line.Id} has no target"),
        };
        var plan = new AttachmentPlan(line.Id, target, line.Once, line.User, line.Rule, line.Hold is { } hold ? Hold(hold) : null);
        var session = line.Session is { } kept
            ? new PortSession(
                new PortNumber(kept.Port), new PortOrigin(kept.Host, kept.Service, kept.BusId), Protocol.DeviceId.FromValue(kept.DeviceId))
            : null;
        return new AttachmentStatus(plan, AttachmentStates.Waiting, now)
        {
            Device = line.Device,
            Lease = line.Lease is { } lease ? new HeldLease(lease.Exporter, lease.Address, Lease(lease)) : null,
            Session = session,
            Endpoint = session?.Origin.Endpoint,
            Reattaches = Math.Max(line.Reattaches, 0),
        };
    }

    private static AttachmentHold Hold(KeptHoldLine line) => new(
        line.Key, line is { Process: { } process, Boot: { } boot } ? new ProcessIdentity(process, line.Start, boot) : null);

    // Its id is of no use any more; a resume has as long as a lease.
    private static LeaseGranted Lease(KeptLeaseLine line) =>
        new(default, line.Epoch, line.BusId, line.Endpoints, ExportedDevice.LeaseExpiry, line.Secret);

    private static Selector Parse(string text) =>
        Selector.TryParse(text, out var selector, out var problem) ? selector : throw new FormatException(problem);
}
