using System.Collections.Immutable;
using System.Net;
using Akka.Actor;

namespace UsbIpCluster.Node;

/// <summary>Where a node knocks: at its seeds, whose names may have several addresses, and at the members that it has last known.</summary>
internal sealed class Doors
{
    /// <summary>At how many addresses it knocks in one go; more have their turn one after another.</summary>
    public const int MaxAtOnce = 16;

    private readonly Address _self;
    private readonly SortedDictionary<string, ImmutableArray<string>> _seeds = new(StringComparer.Ordinal);
    private int _next;

    /// <param name="self">This node's address, which is none of them.</param>
    /// <param name="seeds">The seeds.</param>
    /// <param name="known">The members that were known, the last one that came first.</param>
    public Doors(string self, ImmutableArray<NetworkAddress> seeds, ImmutableArray<NetworkAddress> known)
    {
        _self = Address.Parse(self);
        var own = ClusterAddress.Place(self);
        seeds = seeds.RemoveAll(seed => seed == own);
        Names = [.. seeds.Where(seed => seed.EndPoint is null)];
        Known = known.Remove(own);
        foreach (var seed in seeds)
            Put(seed, seed.EndPoint is { } endPoint ? [endPoint] : []);
    }

    /// <summary>The seeds that have to be resolved.</summary>
    public ImmutableArray<NetworkAddress> Names { get; }

    /// <summary>The members that were known, the last one that came first.</summary>
    public ImmutableArray<NetworkAddress> Known { get; private set; }

    /// <summary>Whether there is none, whatever a resolver may say.</summary>
    public bool IsEmpty => Names.IsEmpty && All.Length == 0;

    private string[] All =>
    [
        .. _seeds.Values.SelectMany(addresses => addresses)
            .Concat(Known.Select(At))
            .Where(address => address != _self.ToString())
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>A seed's name has these addresses now.</summary>
    public void Put(NetworkAddress seed, IReadOnlyList<IPEndPoint> endPoints) =>
        _seeds[seed.ToString()] = [.. endPoints.Select(endPoint => ClusterAddress.At(endPoint, _self).ToString())];

    /// <summary>Remembers members. True when one was not known.</summary>
    public bool Remember(IEnumerable<string> members)
    {
        NetworkAddress[] places = [.. members.Where(member => member != _self.ToString()).Select(ClusterAddress.Place)];
        if (places.All(Known.Contains))
            return false;
        Known = [.. places.Where(place => !Known.Contains(place)).Concat(Known).Take(KnownMembersFile.Max)];
        return true;
    }

    /// <summary>Where to knock now.</summary>
    /// <param name="isInside">Whether somebody needs no knock.</param>
    public string[] Next(Func<string, bool> isInside)
    {
        string[] all = [.. All.Where(address => !isInside(address))];
        if (all.Length <= MaxAtOnce)
            return all;
        _next = (_next + MaxAtOnce) % all.Length;
        return [.. Enumerable.Range(_next, MaxAtOnce).Select(index => all[index % all.Length])];
    }

    private string At(NetworkAddress place) => place.EndPoint is { } endPoint
        ? ClusterAddress.At(endPoint, _self).ToString()
        : new Address(_self.Protocol, _self.System, place.Host, place.Port).ToString();
}
