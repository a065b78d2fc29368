namespace UsbIpCluster.Userspace;

/// <summary>The status values of URBs that this server gives: negative error numbers, numbered as Linux does on every host.</summary>
internal static class UrbStatus
{
    public const int Ok = 0;

    /// <summary>-ENOMEM: more is pending than the session may hold.</summary>
    public const int NoMemory = -12;

    /// <summary>-EPIPE: the endpoint is halted, is not there, or refused the request.</summary>
    public const int Stall = -32;

    /// <summary>-ECONNRESET: the URB was unlinked before it was done.</summary>
    public const int Unlinked = -104;
}
