namespace UsbIpCluster.Control;

/// <summary>Where daemon and command meet.</summary>
public static class ControlSocket
{
    /// <summary>The socket of the machine's daemon.</summary>
    public const string DefaultPath = "/run/usbipcluster/control.sock";

    /// <summary>The environment variable that names another one.</summary>
    public const string Variable = "USBIPCLUSTER__CONTROL";

    /// <summary>The group whose members may use the socket, where it exists.</summary>
    public const string Group = "usbip";

    /// <summary>The longest message from daemon to client, in bytes: 16 MiB.</summary>
    public const int LongestAnswer = 16 * 1024 * 1024;
}
