using System.Collections.Immutable;
using Microsoft.Extensions.Configuration;

namespace UsbIpCluster.Node;

/// <summary>Reads a value from text; false, and why in words, when it is none.</summary>
internal delegate bool ExplainingParser<T>(string text, out T value, out string? problem);

/// <summary>
/// One object of a list of objects in the configuration, which one source has all of. A text of it is taken as it is: a single value of a list
/// is a list of one, whatever commas it has.
/// </summary>
/// <param name="provider">The source that has the list.</param>
/// <param name="path">Where the object is in it.</param>
/// <param name="key">Its key, as in <c>exports[0]</c>.</param>
internal sealed class ConfigurationItem(IConfigurationProvider provider, string path, string key)
{
    /// <summary>The value of a name, which has to be there.</summary>
    /// <exception cref="ConfigurationException">It is not there, or not allowed.</exception>
    public T Require<T>(string name, ExplainingParser<T> parse, string allowed) => Parse(name, name, parse, allowed);

    /// <summary>The value of a name, or <paramref name="otherwise"/> when it is not there or empty.</summary>
    /// <exception cref="ConfigurationException">It is not allowed.</exception>
    public T Read<T>(string name, ExplainingParser<T> parse, string allowed, T otherwise) =>
        TextOf(name).Length > 0 ? Parse(name, name, parse, allowed) : otherwise;

    /// <summary>The values of a list, none when it is not there.</summary>
    /// <exception cref="ConfigurationException">One is not allowed, or there are more than <paramref name="max"/>.</exception>
    public ImmutableArray<T> ReadList<T>(string name, ExplainingParser<T> parse, string allowed, int max)
    {
        if (TextOf(name).Length > 0)
            return [Parse(name, name, parse, allowed)];
        var places = ConfigurationValues.PlacesOf(provider, $"{path}:{name}");
        if (places.Length > max)
            throw TooMany(provider, $"{path}:{name}:{places[0]}", $"{key}.{name}", places.Length, max);
        return [.. places.Select(place => Parse($"{name}:{place}", $"{name}[{place}]", parse, allowed))];
    }

    /// <summary>What to throw when a list is too long.</summary>
    public static ConfigurationException TooMany(IConfigurationProvider provider, string path, string key, int count, int max) =>
        new($"{ConfigurationValues.SourceOf(provider, path)}: {key} has {count} items; allowed: at most {max}");

    private string TextOf(string place) => provider.TryGet($"{path}:{place}", out var text) ? text ?? "" : "";

    private T Parse<T>(string place, string name, ExplainingParser<T> parse, string allowed)
    {
        var text = TextOf(place);
        return parse(text, out var value, out var problem)
            ? value
            : throw new ConfigurationException(
                $"{ConfigurationValues.SourceOf(provider, $"{path}:{place}")}: {key}.{name} is '{text}': {problem}; allowed: {allowed}");
    }
}
