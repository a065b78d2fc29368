namespace UsbIpCluster.Control.Display;

/// <summary>What a colour means.</summary>
public enum Style
{
    /// <summary>Nothing special.</summary>
    Plain,

    /// <summary>As it should be: green.</summary>
    Good,

    /// <summary>Taken, or on its way: yellow.</summary>
    Busy,

    /// <summary>Needs a look: red.</summary>
    Bad,

    /// <summary>Of less interest: dim.</summary>
    Quiet,

    /// <summary>A column's heading: bold.</summary>
    Heading,
}

/// <summary>Which state has which colour.</summary>
public static class Styles
{
    /// <summary>Wraps text in the style's escape sequence (ECMA-48, SGR).</summary>
    public static string Paint(this Style style, string text) => style switch
    {
        Style.Good => $"\e[32m{text}\e[0m",
        Style.Busy => $"\e[33m{text}\e[0m",
        Style.Bad => $"\e[31m{text}\e[0m",
        Style.Quiet => $"\e[2m{text}\e[0m",
        Style.Heading => $"\e[1m{text}\e[0m",
        _ => text,
    };

    /// <summary>A device's state.</summary>
    public static Style OfDevice(string state) => state switch
    {
        DeviceStates.Available => Style.Good,
        DeviceStates.Leased or DeviceStates.InUse or DeviceStates.Releasing => Style.Busy,
        DeviceStates.Faulted => Style.Bad,
        DeviceStates.Unbound => Style.Quiet,
        _ => Style.Plain,
    };

    /// <summary>An attachment's state.</summary>
    public static Style OfAttachment(string state) => state switch
    {
        AttachmentStates.Attached => Style.Good,
        AttachmentStates.Lost or AttachmentStates.Failed => Style.Bad,
        _ => Style.Busy,
    };
}
