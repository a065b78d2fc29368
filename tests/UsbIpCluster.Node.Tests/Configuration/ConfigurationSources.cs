using System.Collections;

namespace UsbIpCluster.Node.Tests;

/// <summary>
/// A configuration file, an environment without anybody else's variables, and a command line. The environment belongs to the process: only
/// one test at a time may use this (<see cref="ConfigurationCollection"/>).
/// </summary>
public sealed class ConfigurationSources : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("usbipcd-test-").FullName;
    private readonly Dictionary<string, string?> _before = [];
    private readonly List<KeyValuePair<string, string?>> _commandLine = [];

    public ConfigurationSources()
    {
        foreach (var name in Environment.GetEnvironmentVariables().Keys.Cast<string>())
        {
            if (name.StartsWith(ConfigurationValues.Prefix, StringComparison.OrdinalIgnoreCase))
                SetVariable(name, null);
        }

        FilePath = Path.Combine(_directory, "usbipcd.json");
        File.WriteAllText(FilePath, "{}");
    }

    public string FilePath { get; }

    public ConfigurationSources WithFile(string json)
    {
        File.WriteAllText(FilePath, json);
        return this;
    }

    /// <summary>Sets a variable; its name is given without the prefix.</summary>
    public ConfigurationSources WithVariable(string name, string value)
    {
        SetVariable(ConfigurationValues.Prefix + name, value);
        return this;
    }

    public ConfigurationSources WithArgument(string key, string value)
    {
        _commandLine.Add(KeyValuePair.Create(key, (string?)value));
        return this;
    }

    internal NodeOptions Read() => OptionsReader.Read(FilePath, _commandLine);

    /// <summary>What the user is told of a configuration that is wrong.</summary>
    public string ReadError() => Assert.Throws<ConfigurationException>(Read).Message;

    public void Dispose()
    {
        foreach (var (name, value) in _before)
            Environment.SetEnvironmentVariable(name, value);
        Directory.Delete(_directory, recursive: true);
    }

    private void SetVariable(string name, string? value)
    {
        _before.TryAdd(name, Environment.GetEnvironmentVariable(name));
        Environment.SetEnvironmentVariable(name, value);
    }
}

/// <summary>The tests that read the environment, one after another.</summary>
[CollectionDefinition(Name)]
public sealed class ConfigurationCollection
{
    public const string Name = "configuration";
}
