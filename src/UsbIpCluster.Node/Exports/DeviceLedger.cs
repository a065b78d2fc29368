using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// The leases of one device, and the rule that exports it, kept in the state folder: a lease holds once <see cref="SaveAsync"/> has completed,
/// so that its epoch never goes back, over crashes and reboots too.
/// </summary>
internal sealed class DeviceLedger
{
    /// <summary>
    /// How many epochs a holder may be ahead. It takes a new one whenever it has named one to a connection that then failed: whether that one
    /// arrived it can't know, and none is good twice.
    /// </summary>
    public const int ResumeWindow = 32;

    private readonly StateFile<DeviceRecord> _file;
    private LocalDevice _device;

    /// <param name="file">Where it is kept.</param>
    /// <param name="device">The device: what the file says of another one at the same bus id is forgotten, but for the epoch.</param>
    /// <param name="report">Told when the file can't be used.</param>
    public DeviceLedger(StateFile<DeviceRecord> file, LocalDevice device, Action<string> report)
    {
        _file = file;
        _device = device;
        var record = file.Read(out var problem);
        if (problem is not null)
        {
            // What the last epoch was can't be known: above everything that was ever counted it does not go back.
            report(problem);
            Epoch = new Epoch((ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
            IsLost = true;
        }

        if (record is null)
            return;
        Epoch = record.Epoch;
        if (!IsOf(record, device))
            return;
        if (record.Lease is { } lease)
            Lease = new Lease(null, lease.Holder, record.Epoch, lease.User, lease.Secret);
        if (record.Rule is { } rule)
            Rule = Read(rule, report);
    }

    /// <summary>Of the last lease.</summary>
    public Epoch Epoch { get; private set; }

    /// <summary>The lease of who holds the device, or may come back to it; null when nobody.</summary>
    public Lease? Lease { get; private set; }

    /// <summary>
    /// The decision by which a rule exports the device, or did when the device was bound; null when it was none. While the device is bound it
    /// tells what this node exported from what another program did, whatever has become of the rule.
    /// </summary>
    public ExportDecision? Rule { get; private set; }

    /// <summary>Whether a rule exported the device can't be known, and was not learned since.</summary>
    public bool IsLost { get; private set; }

    /// <summary>A rule exports the device, or with null none does. True when that is to be written.</summary>
    public bool Remember(ExportDecision? rule)
    {
        IsLost = false;
        if (rule == Rule)
            return false;
        Rule = rule;
        return true;
    }

    /// <summary>A new lease, which makes every earlier one worthless.</summary>
    public Lease Grant(Holder holder, string? user)
    {
        Epoch = Epoch.Next;
        return Lease = new Lease(LeaseId.New(), holder, Epoch, user, ResumeSecret.New());
    }

    /// <summary>
    /// The lease with which the holder resumes under an id that both sides derived, its epoch now that of the id; null when the id is none of
    /// them, or one that was used already.
    /// </summary>
    public Lease? Resume(LeaseId id)
    {
        if (Lease is not { } lease)
            return null;
        var epoch = lease.Epoch;
        for (var i = 0; i < ResumeWindow; i++)
        {
            epoch = epoch.Next;
            if (lease.Secret.IdOf(_device.BusId, epoch) != id)
                continue;
            Epoch = epoch;
            return Lease = lease with { Id = null, Epoch = epoch };
        }

        return null;
    }

    /// <summary>What is plugged in now. True when it is another device, and the lease was of the one before.</summary>
    public bool Follow(LocalDevice device)
    {
        var isAnother = !IsOf(RecordOf(_device), device);
        if (isAnother)
            (Lease, Rule, IsLost) = (null, null, false);
        _device = device;
        return isAnother;
    }

    /// <summary>A lease that was granted and could not be kept was none: who had the device has it.</summary>
    public void Restore(Lease? former) => Lease = former;

    /// <summary>Nobody holds the device any more.</summary>
    public void Forget() => Lease = null;

    /// <summary>Writes it to the disk.</summary>
    /// <param name="what">Is new in it, in words.</param>
    /// <exception cref="DeviceException">Refused: it can't be written.</exception>
    public async Task SaveAsync(string what = "the lease")
    {
        var record = RecordOf(_device);
        try
        {
            await _file.WriteAsync(record);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DeviceException(
                DeviceError.Refused, $"{what} can't be kept: {error.Message}", "is the state folder's disk full, or read-only?", error);
        }
    }

    private DeviceRecord RecordOf(LocalDevice device) => new(
        device.Record.VendorId,
        device.Record.ProductId,
        device.Serial,
        Epoch,
        Lease is { } lease ? new LeaseRecord(lease.Holder, lease.User, lease.Secret) : null,
        Rule is { } rule
            ? new RuleRecord(rule.Name, [.. rule.Access.Allow.Select(line => line.ToString())], [.. rule.Access.Deny.Select(line => line.ToString())])
            : null);

    // For whom it was can't be told, but that it was exported by a rule: should that be gone, the device is for nobody.
    private ExportDecision Read(RuleRecord rule, Action<string> report)
    {
        try
        {
            return new ExportDecision(true, rule.Name, new Access(AccessRule.Parse(rule.Allow), AccessRule.Parse(rule.Deny)), ByRule: true);
        }
        catch (FormatException error)
        {
            report(_file.SetAside($"can't be understood: {error.Message}"));
            return new ExportDecision(true, rule.Name, Access.Closed, ByRule: true);
        }
    }

    private static bool IsOf(DeviceRecord record, LocalDevice device) =>
        record.VendorId == device.Record.VendorId && record.ProductId == device.Record.ProductId && record.Serial == device.Serial;
}
