using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace UsbIpCluster.Node;

/// <summary>
/// One JSON file of the state folder. Writes are carried out one after another; what has been replaced before its turn came is not written
/// at all.
/// </summary>
/// <typeparam name="T">What is in the file; <see cref="StateJson"/> knows it.</typeparam>
internal sealed class StateFile<T>(StateFolder folder, string name)
    where T : class
{
    // Made when the first file of that kind is read or written: a daemon that has none starts without.
    private static JsonTypeInfo<T> Json => (JsonTypeInfo<T>)StateJson.Default.GetTypeInfo(typeof(T))!;

    private readonly Lock _lock = new();
    private Task _running = Task.CompletedTask;
    private Task? _next;
    private T? _value;

    /// <summary>What was given to be written last, on the disk or on its way; null when nothing was.</summary>
    /// <param name="problem">
    /// Why what is there can't be used, when null is not because nothing is there. What can't be understood has been put aside.
    /// </param>
    public T? Read(out string? problem)
    {
        problem = null;
        lock (_lock)
        {
            if (_value is not null)
                return _value;
        }

        try
        {
            return folder.Read(name) is { } bytes ? JsonSerializer.Deserialize(bytes, Json) ?? throw new JsonException("it is empty") : null;
        }
        catch (JsonException error)
        {
            problem = SetAside($"can't be understood: {error.Message}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problem = SetAside($"can't be read: {error.Message}");
        }

        return null;
    }

    /// <summary>Puts a copy aside, so that no later write destroys it. Returns what to tell the operator.</summary>
    /// <param name="why">What is wrong with it.</param>
    public string SetAside(string why)
    {
        try
        {
            folder.SetAside(name);
            return $"{folder.PathOf(name)} is kept as {name}.broken, it {why}";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"{folder.PathOf(name)} can't be put aside ({error.Message}), it {why}";
        }
    }

    /// <summary>Writes the value, or a later one; completes when it is on the disk.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It could not be written.</exception>
    public Task WriteAsync(T value)
    {
        lock (_lock)
        {
            _value = value;

            // Never run here and now: it takes the lock, and this is what it waits to have been stored.
            return _next ??= _running = _running.ContinueWith(
                _ => WriteLatest(), CancellationToken.None, TaskContinuationOptions.DenyChildAttach, TaskScheduler.Default);
        }
    }

    private void WriteLatest()
    {
        T value;
        lock (_lock)
        {
            value = _value!;
            _next = null;
        }

        folder.Write(name, JsonSerializer.SerializeToUtf8Bytes(value, Json));
    }
}
