namespace UsbIpCluster.Userspace;

/// <summary>How a transfer ended.</summary>
/// <param name="Status">0, or a negative Linux error number: -32 is a stall.</param>
/// <param name="Length">Bytes that were moved.</param>
/// <param name="Data">What an IN transfer brought; empty for OUT.</param>
public readonly record struct UrbCompletion(int Status, int Length, ReadOnlyMemory<byte> Data)
{
    /// <summary>Whether the device took or gave what was asked.</summary>
    public bool IsOk => Status == UrbStatus.Ok;
}
