using System.Collections.Immutable;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;

namespace UsbIpCluster.Node;

/// <summary>Reads a value from text; false when it is none.</summary>
internal delegate bool ValueParser<T>(string text, out T value);

/// <summary>
/// The configuration's values by key, from the file, the environment and the command line, the last one winning. Keys are written with
/// dots, as in the documentation. An empty value is none.
/// </summary>
internal sealed class ConfigurationValues
{
    /// <summary>The prefix of the environment variables.</summary>
    public const string Prefix = "USBIPCLUSTER__";

    private readonly IConfigurationRoot _root;
    private readonly HashSet<string> _keys = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _lists = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="file">The configuration file; null for none.</param>
    /// <param name="commandLine">What the command line says, by key.</param>
    /// <exception cref="ConfigurationException">The file is not there, or no JSON.</exception>
    public ConfigurationValues(string? file, IEnumerable<KeyValuePair<string, string?>> commandLine)
    {
        var builder = new ConfigurationBuilder();
        try
        {
            if (file is not null)
                builder.AddJsonFile(Path.GetFullPath(file), optional: false);
            builder.AddEnvironmentVariables(Prefix);
            builder.AddInMemoryCollection(commandLine.Select(pair => KeyValuePair.Create(pair.Key.Replace('.', ':'), pair.Value)));
            _root = builder.Build();
        }
        catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException or InvalidDataException or FormatException)
        {
            throw new ConfigurationException($"{(file is "" ? "--config" : file)}: {(error.InnerException ?? error).Message}", error);
        }
    }

    /// <summary>The value of a key, or <paramref name="otherwise"/> when it has none.</summary>
    /// <exception cref="ConfigurationException">The value is not allowed.</exception>
    public T Read<T>(string key, ValueParser<T> parse, string allowed, T otherwise)
    {
        _keys.Add(key);
        var text = _root[PathOf(key)];
        return string.IsNullOrEmpty(text) ? otherwise : Parse(key, text, parse, allowed);
    }

    /// <summary>
    /// The values of a list, or <paramref name="otherwise"/> when the key has none. A single value is a list of one, or of several with
    /// commas. The last source that has the list has all of it: items of two sources are never mixed.
    /// </summary>
    /// <exception cref="ConfigurationException">A value is not allowed.</exception>
    public ImmutableArray<T> ReadList<T>(string key, ValueParser<T> parse, string allowed, ImmutableArray<T> otherwise)
    {
        _lists.Add(key);
        var items = _root.Providers.Reverse().Select(provider => ItemsOf(provider, PathOf(key))).FirstOrDefault(found => found is not null);
        return items is null
            ? otherwise
            : [.. items.Select((item, index) => Parse(item.Path is null ? key : $"{key}[{index}]", item.Text, parse, allowed, item.Path))];
    }

    /// <summary>
    /// The objects of a list, none when the key has none. The last source that has the list has all of it.
    /// </summary>
    /// <param name="key">The list.</param>
    /// <param name="names">What an object may have a value of.</param>
    /// <param name="lists">What it may have several values of.</param>
    /// <param name="max">How many objects are allowed.</param>
    /// <param name="read">Reads one.</param>
    /// <exception cref="ConfigurationException">An object is not allowed, or there are too many.</exception>
    public ImmutableArray<T> ReadObjects<T>(string key, string[] names, string[] lists, int max, Func<ConfigurationItem, T> read)
    {
        _lists.Add(key);
        _keys.UnionWith(names.Select(name => $"{key}[].{name}"));
        _lists.UnionWith(lists.Select(name => $"{key}[].{name}"));
        var path = PathOf(key);
        var form = $"with {string.Join(", ", names.Concat(lists))}";
        if (_root.Providers.LastOrDefault(provider => ItemsOf(provider, path) is not null) is not { } source)
            return [];
        if (source.TryGet(path, out var text) && !string.IsNullOrEmpty(text))
            throw Wrong(path, key, text, $"a list of objects {form}");
        var places = PlacesOf(source, path);
        if (places.Length > max)
            throw ConfigurationItem.TooMany(source, path, key, places.Length, max);
        return
        [
            .. places.Select(place => source.TryGet($"{path}:{place}", out var item) && !string.IsNullOrEmpty(item)
                ? throw Wrong($"{path}:{place}", $"{key}[{place}]", item, $"an object {form}")
                : read(new ConfigurationItem(source, $"{path}:{place}", $"{key}[{place}]"))),
        ];
    }

    /// <summary>Refuses keys that nothing has read.</summary>
    /// <exception cref="ConfigurationException">There is one.</exception>
    public void RefuseUnknown()
    {
        foreach (var (path, value) in _root.AsEnumerable())
        {
            if (value is null)
                continue;
            var key = KeyOf(path, place => $"[{place}]");
            var form = KeyOf(path, _ => "[]");
            if (!_keys.Contains(form) && !_lists.Contains(form) && !(form.EndsWith("[]", StringComparison.Ordinal) && _lists.Contains(form[..^2])))
            {
                throw new ConfigurationException(
                    $"{SourceOf(path)}: there is no key '{key}'; the keys are {string.Join(", ", _keys.Union(_lists).Order())}");
            }
        }
    }

    /// <summary>What to throw when a value is wrong for a reason that its parser does not know.</summary>
    public ConfigurationException Wrong(string key, string text, string allowed) => Wrong(PathOf(key), key, text, allowed);

    private ConfigurationException Wrong(string path, string key, string text, string allowed) =>
        new($"{SourceOf(path)}: {key} is '{text}'; allowed: {allowed}");

    private static string PathOf(string key) => key.Replace('.', ':');

    private static string KeyOf(string path, Func<string, string> place) => path.Split(':')
        .Aggregate((key, part) => int.TryParse(part, out _) ? key + place(part) : $"{key}.{part}");

    // An empty value is none, but a file can say that a list has no items: that is read as an empty value.
    private static (string? Path, string Text)[]? ItemsOf(IConfigurationProvider provider, string path)
    {
        if (provider.TryGet(path, out var text) && text is not null && (text.Length > 0 || provider is JsonConfigurationProvider))
        {
            return
            [
                .. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                    .Select(part => ((string?)null, part)),
            ];
        }

        var places = PlacesOf(provider, path);
        return places.IsEmpty
            ? null
            : [.. places.Select(place => ((string?)$"{path}:{place}", provider.TryGet($"{path}:{place}", out var item) ? item ?? "" : ""))];
    }

    private T Parse<T>(string key, string text, ValueParser<T> parse, string allowed, string? path = null) =>
        parse(text, out var value) ? value : throw Wrong(path ?? PathOf(key), key, text, allowed);

    private string SourceOf(string path) =>
        _root.Providers.LastOrDefault(provider => provider.TryGet(path, out _)) is { } source ? SourceOf(source, path) : "the configuration";

    /// <summary>The numbers of a list's items in a source, in order.</summary>
    internal static ImmutableArray<string> PlacesOf(IConfigurationProvider provider, string path) =>
        [.. provider.GetChildKeys([], path).Distinct().Where(name => int.TryParse(name, out _))];

    /// <summary>Names a source, for the person who wrote there.</summary>
    internal static string SourceOf(IConfigurationProvider provider, string path) => provider switch
    {
        JsonConfigurationProvider json => json.Source.Path is { } name
            ? Path.Combine((json.Source.FileProvider as Microsoft.Extensions.FileProviders.PhysicalFileProvider)?.Root ?? "", name)
            : "the configuration file",
        EnvironmentVariablesConfigurationProvider => "environment " + Prefix + path.Replace(":", "__").ToUpperInvariant(),
        _ => "command line",
    };
}
