using System.Collections.Immutable;
using System.Net.Sockets;
using UsbIpCluster.Devices;

namespace UsbIpCluster.Node;

/// <summary>Tries to connect, to many places at once and within a bounded time. Nothing is said there.</summary>
internal static class Prober
{
    /// <summary>How many attempts are under way at once.</summary>
    public const int AtOnce = 32;

    /// <summary>How long one attempt may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Carries out attempts; completes within the time that it is given, whatever the network does.</summary>
    public static async Task<ImmutableArray<Probe>> RunAsync(ImmutableArray<Probe> probes, TimeSpan within)
    {
        using var end = new CancellationTokenSource(within);
        using var turns = new SemaphoreSlim(AtOnce);
        return [.. await Task.WhenAll(probes.Select(probe => TryAsync(probe, turns, end.Token)))];
    }

    /// <summary>Why nobody can be connected to at an address; null when somebody can.</summary>
    public static async Task<string?> WhyNotAsync(NetworkAddress address, CancellationToken end)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(end);
        deadline.CancelAfter(Patience);
        try
        {
            var endPoints = await address.ResolveAsync(deadline.Token);
            string? failure = "it has no address";
            foreach (var endPoint in endPoints)
            {
                try
                {
                    using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                    // A reset at the end leaves nothing behind, and tells who accepted that there is nothing to wait for.
                    socket.LingerState = new LingerOption(true, 0);
                    await socket.ConnectAsync(endPoint, deadline.Token);
                    return null;
                }
                catch (SocketException error)
                {
                    failure = error.Message;
                }
            }

            return failure;
        }
        catch (OperationCanceledException)
        {
            return $"no answer within {Patience.TotalSeconds:0} s";
        }
        catch (DeviceException error)
        {
            return error.Message;
        }
    }

    private static async Task<Probe> TryAsync(Probe probe, SemaphoreSlim turns, CancellationToken end)
    {
        try
        {
            await turns.WaitAsync(end);
        }
        catch (OperationCanceledException)
        {
            return probe with { Failure = "not tried: others took all of the time" };
        }

        try
        {
            var failure = await WhyNotAsync(probe.Endpoint, end);
            return probe with { Failure = failure is { Length: > Probe.MaxFailure } ? failure[..Probe.MaxFailure] : failure };
        }
        finally
        {
            turns.Release();
        }
    }
}
