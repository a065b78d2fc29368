using System.Collections.Immutable;
using System.Net;
using UsbIpCluster.Control;

namespace UsbIpCluster.Node;

/// <summary>
/// The places where this node knocks. None of them need be there; but a name that is wrong is the usual reason for being alone.
/// </summary>
internal static class SeedChecks
{
    /// <summary>What was found at a seed.</summary>
    /// <param name="Address">As it is configured.</param>
    /// <param name="EndPoints">Its addresses.</param>
    /// <param name="Failure">Why nobody can be connected to there; null when somebody can.</param>
    public sealed record Seed(NetworkAddress Address, ImmutableArray<IPEndPoint> EndPoints, string? Failure);

    /// <summary>Judges a seed.</summary>
    public static DoctorRow Judge(string node, Seed seed, MembershipView members)
    {
        var target = seed.Address.ToString();
        var places = members.Members.Keys.Select(ClusterAddress.Place).ToHashSet();
        var isMember = places.Contains(seed.Address)
            || seed.EndPoints.Any(endPoint => places.Contains(new NetworkAddress(endPoint.Address.ToString(), endPoint.Port)));
        return (isMember, seed.Failure) switch
        {
            (true, _) => DoctorRow.Ok(DoctorChecks.Seed, node, target, $"the seed {target} is in the cluster"),
            (_, null) => DoctorRow.Warning(
                DoctorChecks.Seed, node, target, $"somebody answers at the seed {target}, and is not in this node's cluster",
                "is it usbipcd, with a certificate of the same CA (or without TLS like this node)? Its log and this node's say why it is "
                    + "refused: journalctl -u usbipcd"),
            _ => DoctorRow.Warning(
                DoctorChecks.Seed, node, target, $"nobody answers at the seed {target} ({seed.Failure})",
                "start usbipcd there, let its cluster port through, or take it out of \"cluster.seeds\""),
        };
    }
}
