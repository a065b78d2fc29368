namespace UsbIpCluster.Userspace;

/// <summary>Who a simulated device says it is. The default ids are test ids of pid.codes, which no product carries.</summary>
/// <param name="VendorId">idVendor.</param>
/// <param name="ProductId">idProduct.</param>
/// <param name="Manufacturer">iManufacturer's string; null for none. At most 126 UTF-16 units, as long as a string descriptor can be.</param>
/// <param name="Product">iProduct's string; null for none.</param>
/// <param name="Serial">iSerialNumber's string; null for none.</param>
/// <param name="DeviceRelease">bcdDevice.</param>
public sealed record SimulatedIdentity(
    ushort VendorId,
    ushort ProductId,
    string? Manufacturer,
    string? Product,
    string? Serial,
    ushort DeviceRelease = 0x0100)
{
    /// <summary>The vendor id of pid.codes; its products 0x0001 to 0x0010 are for tests.</summary>
    public const ushort TestVendorId = 0x1209;
}
