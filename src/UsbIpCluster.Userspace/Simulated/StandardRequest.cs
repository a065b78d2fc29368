namespace UsbIpCluster.Userspace;

/// <summary>bRequest of the standard requests. Source: USB 2.0, table 9-4.</summary>
internal static class StandardRequest
{
    public const byte GetStatus = 0;
    public const byte ClearFeature = 1;
    public const byte SetFeature = 3;
    public const byte SetAddress = 5;
    public const byte GetDescriptor = 6;
    public const byte GetConfiguration = 8;
    public const byte SetConfiguration = 9;
    public const byte GetInterface = 10;
    public const byte SetInterface = 11;
}
