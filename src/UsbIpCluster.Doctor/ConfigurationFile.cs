using System.Net;
using System.Text.Json;
using UsbIpCluster.Certificates;

namespace UsbIpCluster.Doctor;

/// <summary>
/// What a configuration file says to somebody who is not the daemon: the keys that the checks need, as far as they can be understood. The
/// daemon's environment and command line, which go before it, are not known here.
/// </summary>
public static class ConfigurationFile
{
    /// <summary>The file that the daemon reads where none is named.</summary>
    public const string DefaultPath = "/etc/usbipcluster/usbipcd.json";

    private const long MaxSize = 1024 * 1024;

    private static readonly JsonDocumentOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file that was named; null for <see cref="DefaultPath"/>, which need not exist.</param>
    /// <param name="hostName">This machine's name.</param>
    /// <param name="problem">Why it can't be read; the defaults are taken then. Null when nothing is wrong.</param>
    public static CheckedSettings Read(string? path, string hostName, out string? problem)
    {
        problem = null;
        var defaults = new CheckedSettings { Node = hostName.Split('.')[0] };
        if (path is null && !File.Exists(DefaultPath))
            return defaults;
        try
        {
            using var file = File.OpenRead(path ?? DefaultPath);
            if (file.Length > MaxSize)
                throw new IOException($"it has {file.Length} bytes");
            using var document = JsonDocument.Parse(file, Options);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Of(document.RootElement, defaults)
                : throw new JsonException("it is no object");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or NotSupportedException)
        {
            problem = $"{path ?? DefaultPath} can't be read: {error.Message}";
            return defaults;
        }
    }

    private static CheckedSettings Of(JsonElement root, CheckedSettings defaults)
    {
        var exporters = Texts(Find(root, "exporters"));
        var authority = Text(root, "cluster", "tls", "ca");
        var certificate = Text(root, "cluster", "tls", "certificate");
        var key = Text(root, "cluster", "tls", "key");
        return defaults with
        {
            Node = Text(root, "node") ?? defaults.Node,
            State = Text(root, "state") ?? defaults.State,
            Control = Text(root, "control") ?? defaults.Control,
            ListenPort = EndPoint(root, "listen")?.Port ?? defaults.ListenPort,
            ClusterListen = EndPoint(root, "cluster", "listen"),
            Tls = authority is null || certificate is null || key is null ? null : new TlsFiles(authority, certificate, key),
            Insecure = Find(root, "cluster", "insecure") is { ValueKind: JsonValueKind.True }
                || (bool.TryParse(Text(root, "cluster", "insecure"), out var insecure) && insecure),
            ExportsByKernel = exporters.Length == 0 || exporters.Contains("kernel", StringComparer.OrdinalIgnoreCase),
            AttachesByKernel = "kernel".Equals(Text(root, "hostController") ?? "kernel", StringComparison.OrdinalIgnoreCase),
            AdmitsEverybody = Texts(Find(root, "plainClients"))
                .Any(network => IPNetwork.TryParse(network, out var read) && read.PrefixLength == (read.BaseAddress.IsIPv4MappedToIPv6 ? 96 : 0)),
        };
    }

    // Keys differ in nothing but case to the daemon as well. An empty value is none.
    private static JsonElement? Find(JsonElement element, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (element.ValueKind != JsonValueKind.Object)
                return null;
            JsonElement? next = null;
            foreach (var member in element.EnumerateObject())
            {
                if (member.Name.Equals(key, StringComparison.OrdinalIgnoreCase))
                    next = member.Value;
            }

            if (next is not { } found)
                return null;
            element = found;
        }

        return element;
    }

    private static string? Text(JsonElement root, params ReadOnlySpan<string> keys) =>
        Find(root, keys) is { ValueKind: JsonValueKind.String } text && text.GetString() is { Length: > 0 } value ? value : null;

    private static string[] Texts(JsonElement? list) => list is { ValueKind: JsonValueKind.Array } texts
        ? [.. texts.EnumerateArray().Where(text => text.ValueKind == JsonValueKind.String).Select(text => text.GetString()!)]
        : [];

    private static IPEndPoint? EndPoint(JsonElement root, params ReadOnlySpan<string> keys) =>
        IPEndPoint.TryParse(Text(root, keys) ?? "", out var read) && read.Port != 0 ? read : null;
}
