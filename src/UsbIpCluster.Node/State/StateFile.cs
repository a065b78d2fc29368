using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace UsbIpCluster.Node;

/// <summary>
/// One JSON file of the state folder. Writes are carried out one after another; what has been replaced before its turn came is not written
/// at all.
/// </summary>
internal sealed class StateFile<T>(StateFolder folder, string name, JsonTypeInfo<T> type)
    where T : class
{
    private readonly Lock _lock = new();
    private Task _running = Task.CompletedTask;
    private Task? _next;
    private T? _value;

    /// <summary>What was written last; null when nothing was.</summary>
    /// <param name="problem">Why what is there can't be used, when null is not because nothing is there. It has been put aside.</param>
    public T? Read(out string? problem)
    {
        problem = null;
        try
        {
            return folder.Read(name) is { } bytes ? JsonSerializer.Deserialize(bytes, type) ?? throw new JsonException("it is empty") : null;
        }
        catch (JsonException error)
        {
            folder.SetAside(name);
            problem = $"{folder.PathOf(name)} can't be understood and is now {name}.broken: {error.Message}";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problem = error.Message;
        }

        return null;
    }

    /// <summary>Writes the value, or a later one; completes when it is on the disk.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It could not be written.</exception>
    public Task WriteAsync(T value)
    {
        lock (_lock)
        {
            _value = value;
            return _next ??= _running = WriteAfterAsync(_running);
        }
    }

    private async Task WriteAfterAsync(Task before)
    {
        await before.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.DenyChildAttach, TaskScheduler.Default);
        T value;
        lock (_lock)
        {
            value = _value!;
            _next = null;
        }

        folder.Write(name, JsonSerializer.SerializeToUtf8Bytes(value, type));
    }
}
