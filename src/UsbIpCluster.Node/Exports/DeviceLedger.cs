using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>
/// The leases of one device, kept in the state folder: a lease holds once <see cref="SaveAsync"/> has completed, so that its epoch never
/// goes back, over crashes and reboots too.
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
        }

        if (record is null)
            return;
        Epoch = record.Epoch;
        if (record.Lease is { } lease && IsOf(record, device))
            Lease = new Lease(null, lease.Holder, record.Epoch, lease.User, lease.Secret);
    }

    /// <summary>Of the last lease.</summary>
    public Epoch Epoch { get; private set; }

    /// <summary>The lease of who holds the device, or may come back to it; null when nobody.</summary>
    public Lease? Lease { get; private set; }

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
            Lease = null;
        _device = device;
        return isAnother;
    }

    /// <summary>A lease that was granted and could not be kept was none: who had the device has it.</summary>
    public void Restore(Lease? former) => Lease = former;

    /// <summary>Nobody holds the device any more.</summary>
    public void Forget() => Lease = null;

    /// <summary>Writes it to the disk.</summary>
    /// <exception cref="DeviceException">Refused: it can't be written.</exception>
    public async Task SaveAsync()
    {
        var record = RecordOf(_device);
        try
        {
            await _file.WriteAsync(record);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DeviceException(
                DeviceError.Refused, $"the lease can't be kept: {error.Message}", "is the state folder's disk full, or read-only?", error);
        }
    }

    private DeviceRecord RecordOf(LocalDevice device) => new(
        device.Record.VendorId,
        device.Record.ProductId,
        device.Serial,
        Epoch,
        Lease is { } lease ? new LeaseRecord(lease.Holder, lease.User, lease.Secret) : null);

    private static bool IsOf(DeviceRecord record, LocalDevice device) =>
        record.VendorId == device.Record.VendorId && record.ProductId == device.Record.ProductId && record.Serial == device.Serial;
}
