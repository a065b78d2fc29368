namespace UsbIpCluster.Protocol;

/// <summary>
/// The <c>devid</c> of USB/IP: bus number in the upper 16 bits, device number in the lower 16. It changes at every replug, so it
/// names a device only for the time of one session.
/// </summary>
public readonly record struct DeviceId(ushort BusNumber, ushort DeviceNumber)
{
    /// <summary>The value as it stands in URB headers and in the <c>attach</c> file of vhci_hcd.</summary>
    public uint Value => ((uint)BusNumber << 16) | DeviceNumber;

    /// <summary>Takes a <c>devid</c> apart.</summary>
    public static DeviceId FromValue(uint value) => new((ushort)(value >> 16), (ushort)value);

    /// <inheritdoc/>
    public override string ToString() => $"{BusNumber}/{DeviceNumber}";
}
