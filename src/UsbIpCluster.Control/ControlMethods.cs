namespace UsbIpCluster.Control;

/// <summary>The methods of the control protocol: JSON-RPC 2.0, one message a line, over a Unix socket.</summary>
public static class ControlMethods
{
    /// <summary><see cref="ListParams"/> to an array of <see cref="DeviceRow"/>, or to one <see cref="Display.TableText"/>.</summary>
    public const string List = "list";

    /// <summary><see cref="NodesParams"/> to an array of <see cref="NodeRow"/>, or to one <see cref="Display.TableText"/>.</summary>
    public const string Nodes = "nodes";

    /// <summary><see cref="RemoveNodeParams"/> to the <see cref="NodeRow"/>s that are gone: one.</summary>
    public const string RemoveNode = "nodes.remove";

    /// <summary><see cref="BindParams"/> to the <see cref="DeviceRow"/>s that changed.</summary>
    public const string Bind = "bind";

    /// <summary><see cref="UnbindParams"/> to the <see cref="DeviceRow"/>s that changed.</summary>
    public const string Unbind = "unbind";

    /// <summary><see cref="DrainParams"/> to the <see cref="DeviceRow"/>s of this node that are still leased or in use.</summary>
    public const string Drain = "drain";

    /// <summary><see cref="AttachParams"/> to the <see cref="PortRow"/>s that changed: one.</summary>
    public const string Attach = "attach";

    /// <summary><see cref="HoldParams"/> to the <see cref="PortRow"/>s, in the order of the selectors.</summary>
    public const string Hold = "hold";

    /// <summary><see cref="DetachParams"/> to the <see cref="PortRow"/>s that changed, as they were last.</summary>
    public const string Detach = "detach";

    /// <summary><see cref="PortParams"/> to an array of <see cref="PortRow"/>, or to one <see cref="Display.TableText"/>.</summary>
    public const string Port = "port";

    /// <summary>
    /// <see cref="EventsParams"/> to the recent <see cref="EventRow"/>s, oldest first; with follow, every later one comes as the
    /// notification <see cref="Event"/> until the connection is closed.
    /// </summary>
    public const string Events = "events";

    /// <summary><see cref="StatusParams"/> to one <see cref="StatusRow"/>.</summary>
    public const string Status = "status";

    /// <summary><see cref="VersionParams"/> to one <see cref="VersionRow"/>.</summary>
    public const string Version = "version";

    /// <summary><see cref="DoctorParams"/> to one <see cref="DoctorReport"/>: the checks that the daemon can do.</summary>
    public const string Doctor = "doctor";

    /// <summary>The notification of one <see cref="EventRow"/>, from the daemon to a client that follows.</summary>
    public const string Event = "event";
}
