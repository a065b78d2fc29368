using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using UsbIpCluster.Devices;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Node;

/// <summary>Tries to connect, to many places at once and within a bounded time. Nothing is said there.</summary>
internal static class Prober
{
    /// <summary>How many attempts are under way at once.</summary>
    public const int AtOnce = 32;

    /// <summary>How long the answer of one address may take, and how long the addresses of a name.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Carries out attempts; completes within the time that it is given, whatever the network does.</summary>
    public static async Task<ImmutableArray<Probe>> RunAsync(ImmutableArray<Probe> probes, TimeSpan within)
    {
        var deadline = Deadline.After(within);
        using var turns = new SemaphoreSlim(AtOnce);
        return [.. await Task.WhenAll(probes.Select(probe => TryAsync(probe, turns, deadline)))];
    }

    /// <summary>Why nobody can be connected to at an address; null when somebody can.</summary>
    public static async Task<string?> WhyNotAsync(NetworkAddress address, TimeSpan within)
    {
        var deadline = Deadline.After(within);
        var began = Stopwatch.GetTimestamp();
        try
        {
            using var end = new CancellationTokenSource(Least(Patience, within));
            var endPoints = await address.ResolveAsync(end.Token);
            return await WhyNotAsync(endPoints, deadline.Remaining);
        }
        catch (OperationCanceledException)
        {
            return $"its name was not found within {Since(began)}";
        }
        catch (DeviceException error)
        {
            return error.Message;
        }
    }

    /// <summary>
    /// Why nobody can be connected to at any of the addresses that a name has. Each is tried, as an importer would: one that does not answer
    /// leaves the others their share of the time.
    /// </summary>
    public static async Task<string?> WhyNotAsync(IReadOnlyList<IPEndPoint> endPoints, TimeSpan within)
    {
        var deadline = Deadline.After(within);
        var failures = new List<string>();
        for (var i = 0; i < endPoints.Count; i++)
        {
            var share = deadline.Remaining / (endPoints.Count - i);
            if (await WhyNotAsync(endPoints[i], Least(Patience, share)) is not { } failure)
                return null;
            failures.Add(endPoints.Count == 1 ? failure : $"{endPoints[i].Address}: {failure}");
        }

        return failures.Count == 0 ? "it has no address" : string.Join("; ", failures);
    }

    private static async Task<string?> WhyNotAsync(IPEndPoint endPoint, TimeSpan within)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            using var end = new CancellationTokenSource(within);
            using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            // A reset at the end leaves nothing behind, and tells who accepted that there is nothing to wait for.
            socket.LingerState = new LingerOption(true, 0);
            await socket.ConnectAsync(endPoint, end.Token);
            return null;
        }
        catch (OperationCanceledException)
        {
            return $"no answer within {Since(began)}";
        }
        catch (SocketException error)
        {
            return error.Message;
        }
    }

    private static async Task<Probe> TryAsync(Probe probe, SemaphoreSlim turns, Deadline deadline)
    {
        const string late = "not tried: others took all of the time";
        if (!await turns.WaitAsync(deadline.Remaining))
            return probe with { Failure = late };
        try
        {
            var left = deadline.Remaining;
            var failure = left == TimeSpan.Zero ? late : await WhyNotAsync(probe.Endpoint, left);
            return probe with { Failure = failure is { Length: > Probe.MaxFailure } ? failure[..Probe.MaxFailure] : failure };
        }
        finally
        {
            turns.Release();
        }
    }

    private static TimeSpan Least(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static string Since(long began) => Stopwatch.GetElapsedTime(began) is var time && time.TotalSeconds < 0.1
        ? $"{time.TotalMilliseconds:0} ms"
        : $"{time.TotalSeconds:0.#} s";
}
