namespace UsbIpCluster.Protocol;

/// <summary>How a request ended: <c>op_common.status</c>, ST_* in tools/usb/usbip/libsrc/usbip_common.h. Other numbers may come.</summary>
public enum OpStatus
{
    /// <summary>ST_OK: done.</summary>
    Ok = 0,

    /// <summary>ST_NA: the device is not available.</summary>
    Na = 1,

    /// <summary>ST_DEV_BUSY: another session has the device.</summary>
    DevBusy = 2,

    /// <summary>ST_DEV_ERR: the device's driver reports an error.</summary>
    DevErr = 3,

    /// <summary>ST_NODEV: no such device.</summary>
    NoDev = 4,

    /// <summary>ST_ERROR: any other error.</summary>
    Error = 5,
}

/// <summary>Words for <see cref="OpStatus"/>.</summary>
public static class OpStatusText
{
    /// <summary>What a status says of the device that was asked for, as the end of a sentence that starts with the device.</summary>
    public static string Describe(this OpStatus status) => status switch
    {
        OpStatus.Ok => "is available",
        OpStatus.Na => "is not available",
        OpStatus.DevBusy => "is in use by another session",
        OpStatus.DevErr => "is in an error state",
        OpStatus.NoDev => "does not exist",
        OpStatus.Error => "could not be given, for a reason that the exporter does not tell",
        _ => $"was refused with the unknown status {(int)status}",
    };
}
