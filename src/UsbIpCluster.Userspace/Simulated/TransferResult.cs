namespace UsbIpCluster.Userspace;

/// <summary>What a device makes of a transfer. The status is that of the URB: 0, or a negative Linux error number.</summary>
public readonly record struct TransferResult
{
    private TransferResult(int status, int length, bool isPending) => (Status, Length, IsPending) = (status, length, isPending);

    /// <summary>0, or a negative Linux error number.</summary>
    public int Status { get; }

    /// <summary>How many bytes were moved.</summary>
    public int Length { get; }

    /// <summary>The device has nothing to give or no room now (it NAKs); the transfer waits until the device says that it is ready.</summary>
    public bool IsPending { get; }

    /// <summary>The device refuses (STALL): -EPIPE.</summary>
    public static TransferResult Stall { get; } = new(UrbStatus.Stall, 0, false);

    /// <summary>Not now.</summary>
    public static TransferResult Pending { get; } = new(0, 0, true);

    /// <summary>Done, with so many bytes; fewer than asked for is a short transfer, which ends it.</summary>
    public static TransferResult Done(int length) => new(0, length, false);

    /// <summary>So many bytes of an OUT transfer were taken, and there is no room for the rest now.</summary>
    public static TransferResult Taken(int length) => new(0, length, true);
}
