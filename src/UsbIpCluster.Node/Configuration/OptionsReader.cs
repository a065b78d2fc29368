using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using UsbIpCluster.Certificates;
using UsbIpCluster.Control;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node;

/// <summary>From the configuration's values to <see cref="NodeOptions"/>, every one checked.</summary>
internal static class OptionsReader
{
    /// <summary>The configuration file that is read where none is named, if it is there.</summary>
    public const string DefaultFile = "/etc/usbipcluster/usbipcd.json";

    /// <summary>Reads the options.</summary>
    /// <param name="file">The file; null for none.</param>
    /// <param name="commandLine">What the command line says, by key.</param>
    /// <exception cref="ConfigurationException">Something is wrong, or unknown.</exception>
    public static NodeOptions Read(string? file, IEnumerable<KeyValuePair<string, string?>> commandLine)
    {
        var values = new ConfigurationValues(file, commandLine);
        var insecure = values.Read("cluster.insecure", bool.TryParse, "true or false", false);
        var tls = ReadTls(values);
        var keepAlive = SessionSocketOptions.Default;

        // The host's name matters only where no other is given: it need not be a node's.
        var node = values.Read<NodeName>("node", NodeName.TryParse, "1 to 63 letters, digits, dots, dashes and underscores", default);
        var options = new NodeOptions
        {
            Node = node == default ? HostName() : node,
            State = values.Read<string>("state", TryPath, "an absolute path", "/var/lib/usbipcluster"),
            Control = values.Read<string>("control", TrySocketPath, $"an absolute path of a socket, at most {MaxSocketPath} bytes", ControlSocket.DefaultPath),
            Listen = values.Read<IPEndPoint>("listen", TryEndPoint, EndPointForm, new IPEndPoint(IPAddress.IPv6Any, NodeOptions.UsbIpPort)),
            Advertise = values.ReadList<NetworkAddress>("advertise", TryAddress(NodeOptions.UsbIpPort), AddressForm, []),
            ClusterListen = values.Read<IPEndPoint>(
                "cluster.listen",
                TryEndPoint,
                EndPointForm,
                new IPEndPoint(insecure || tls is not null ? IPAddress.IPv6Any : IPAddress.Loopback, NodeOptions.ClusterPort)),
            Tls = tls,
            Seeds = values.ReadList<NetworkAddress>("cluster.seeds", TryAddress(NodeOptions.ClusterPort), AddressForm, []),
            RemoveAfter = values.Read<TimeSpan>("cluster.removeAfter", TryRemoveAfter, "5s to 168h", TimeSpan.FromHours(24)),
            Exporters =
            [
                .. values.ReadList<ExporterKind?>("exporters", TryExporter, "kernel, simulated or none", [ExporterKind.Kernel])
                    .OfType<ExporterKind>().Distinct(),
            ],
            SimulatedDevices = values.Read<int>("simulated.devices", TryCount(NodeEntry.MaxDevices), $"1 to {NodeEntry.MaxDevices}", 1),
            Exports = ExportRulesReader.Read(values),
            HostController = values.Read<HostControllerKind>(
                "hostController", TryEnum, "kernel, simulated or none", HostControllerKind.Kernel),
            PlainClients = values.ReadList<IPNetwork>(
                "plainClients",
                TryNetwork,
                "networks such as 10.0.0.0/8",
                [IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")]),
            Limits = ReadLimits(values),
            KeepAlive = new SessionSocketOptions(
                values.Read<TimeSpan>("keepalive.userTimeout", TrySpan, "1s to 1h", keepAlive.UserTimeout),
                values.Read<TimeSpan>("keepalive.idle", TryWholeSeconds, "1s to 1h, whole seconds", keepAlive.KeepAliveIdle),
                values.Read<TimeSpan>("keepalive.interval", TryWholeSeconds, "1s to 1h, whole seconds", keepAlive.KeepAliveInterval),
                values.Read<int>("keepalive.probes", TryCount(100), "1 to 100", keepAlive.KeepAliveProbes)),
            Hooks = new HookOptions(
                values.Read<string>("hooks.directory", TryPath, "an absolute path", FolderBeside(file ?? DefaultFile)),
                values.Read<TimeSpan>("hooks.timeout", TrySpan, "1s to 1h", TimeSpan.FromSeconds(10))),
            HttpListen = ReadHttp(values),
            LogLevel = values.Read<LogLevel>(
                "log.level", TryEnum, "trace, debug, information, warning, error, critical or none", LogLevel.Information),
            LogFormat = values.Read<LogFormat>("log.format", TryEnum, "text or json", LogFormat.Text),
        };
        values.RefuseUnknown();
        if (options.Limits.PerAddress > options.Limits.Connections)
        {
            throw values.Wrong(
                "limits.perAddress", $"{options.Limits.PerAddress}", $"at most limits.connections, which is {options.Limits.Connections}");
        }

        if (!insecure && tls is null && !IPAddress.IsLoopback(options.ClusterListen.Address))
        {
            throw values.Wrong(
                "cluster.listen",
                options.ClusterListen.ToString(),
                "a loopback address; with cluster.tls any, or cluster.insecure: true where the network can be trusted");
        }

        return options;
    }

    private static TlsFiles? ReadTls(ConfigurationValues values)
    {
        string[] keys = ["cluster.tls.ca", "cluster.tls.certificate", "cluster.tls.key"];
        var paths = Array.ConvertAll(keys, key => values.Read<string>(key, TryPath, "an absolute path of a PEM file", ""));
        if (paths is [{ Length: > 0 } authority, { Length: > 0 } certificate, { Length: > 0 } key])
            return new TlsFiles(authority, certificate, key);
        var given = Array.FindIndex(paths, path => path.Length > 0);
        return given < 0
            ? null
            : throw values.Wrong(
                keys[given],
                paths[given],
                $"it together with {keys[Array.IndexOf(paths, "")]}: all three of {string.Join(", ", keys)}, or none");
    }

    // No TLS, and nobody is asked who he is: what is not loopback has to be wanted.
    private static IPEndPoint? ReadHttp(ConfigurationValues values)
    {
        var insecure = values.Read("http.insecure", bool.TryParse, "true or false", false);
        var listen = values.Read<IPEndPoint?>("http.listen", TryHttpEndPoint, HttpForm, null);
        return listen is null || insecure || IPAddress.IsLoopback(listen.Address)
            ? listen
            : throw values.Wrong(
                "http.listen",
                listen.ToString(),
                "a port or a loopback address; with http.insecure: true any, where everybody who can reach it may read this node's metrics");
    }

    private static ListenerLimits ReadLimits(ConfigurationValues values)
    {
        var limits = ListenerLimits.Default;
        var connections = values.Read("limits.connections", TryCount(4096), "1 to 4096", limits.Connections);
        return new ListenerLimits(
            connections,
            values.Read("limits.perAddress", TryCount(4096), "1 to 4096", Math.Min(limits.PerAddress, connections)),
            values.Read("limits.rate", TryCount(10_000), "1 to 10000", limits.Rate),
            values.Read<TimeSpan>("limits.requestTimeout", TryRequestTimeout, "1s to 5s", limits.RequestTimeout));
    }

    private const string EndPointForm = "ADDRESS:PORT such as [::]:3240 or 0.0.0.0:3240";
    private const string HttpForm = "a PORT of loopback such as 9240, or ADDRESS:PORT";
    private const string AddressForm = "HOST or HOST:PORT";

    // unix(7): sun_path has 108 bytes, the last one is NUL.
    private const int MaxSocketPath = 107;

    private static string FolderBeside(string file) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file)) ?? "/", "hooks");

    private static NodeName HostName()
    {
        var label = Environment.MachineName.Split('.')[0];
        return NodeName.TryParse(label, out var name)
            ? name
            : throw new ConfigurationException($"the host name '{label}' is no node name; name this node with --node");
    }

    private static bool TrySocketPath(string text, out string value) =>
        TryPath(text, out value) && Path.GetFileName(text).Length > 0 && System.Text.Encoding.UTF8.GetByteCount(text) <= MaxSocketPath;

    private static bool TryPath(string text, out string value)
    {
        value = text;
        return Path.IsPathFullyQualified(text);
    }

    private static bool TryEndPoint(string text, out IPEndPoint value)
    {
        // "127.0.0.1" alone would be read with port 0, and port 0 picks a port that no peer can know.
        value = new IPEndPoint(IPAddress.Any, 0);
        if (!IPEndPoint.TryParse(text, out var read) || read.Port == 0)
            return false;
        value = read;
        return true;
    }

    private static bool TryNetwork(string text, out IPNetwork value)
    {
        var read = IPNetwork.TryParse(text, out var written);
        value = read ? AccessRule.Unmapped(written) : default;
        return read;
    }

    private static bool TryHttpEndPoint(string text, out IPEndPoint? value)
    {
        if (ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port != 0)
        {
            value = new IPEndPoint(IPAddress.Loopback, port);
            return true;
        }

        value = TryEndPoint(text, out var endPoint) ? endPoint : null;
        return value is not null;
    }

    private static ValueParser<NetworkAddress> TryAddress(int port) => (string text, out NetworkAddress value) =>
    {
        var read = NetworkAddress.TryParse(text, port, out var address);
        value = address!;
        return read;
    };

    private static bool TryExporter(string text, out ExporterKind? value)
    {
        value = TryEnum<ExporterKind>(text, out var kind) ? kind : null;
        return value is not null || text.Equals("none", StringComparison.OrdinalIgnoreCase);
    }

    // The name and nothing else: numbers and names joined by commas are values to the parser, too.
    private static bool TryEnum<T>(string text, out T value)
        where T : struct, Enum =>
        Enum.TryParse(text, ignoreCase: true, out value) && text.Equals(Enum.GetName(value), StringComparison.OrdinalIgnoreCase);

    private static bool TrySpan(string text, out TimeSpan value) =>
        Duration.TryParse(text, out value) && value >= TimeSpan.FromSeconds(1) && value <= TimeSpan.FromHours(1);

    private static bool TryWholeSeconds(string text, out TimeSpan value) =>
        TrySpan(text, out value) && value.Ticks % TimeSpan.TicksPerSecond == 0;

    private static bool TryRequestTimeout(string text, out TimeSpan value) => TrySpan(text, out value) && value <= TimeSpan.FromSeconds(5);

    private static bool TryRemoveAfter(string text, out TimeSpan value) =>
        Duration.TryParse(text, out value) && value >= TimeSpan.FromSeconds(5);

    private static ValueParser<int> TryCount(int most) => (string text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= 1 && value <= most;
}
