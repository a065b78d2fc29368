using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace UsbIpCluster.Node;

/// <summary>
/// Who is let in at the USB/IP port. It knows neither sockets nor clocks: it is told who comes, when, and what becomes of it.
/// <para>
/// A connection that has not said what it wants (*waiting*) gives way to a new one where there is no more room, as a half-open connection
/// does in a SYN cache. A client says what it wants with its first packet, within a round trip of being let in; who waits longer than that
/// while others come is silent or slow. To refuse the new one instead would give the port to whoever holds it silently. This is so within
/// one address, too: a legitimate client may share its address with a broken one (another program on its host, a NAT). Who has said what it
/// wants never gives way.
/// </para>
/// <para>
/// Where all of the port is taken, the address with the most waiting connections gives way with its oldest. So few addresses with many
/// connections do not push out many with one; and among addresses with one each, it is the oldest connection.
/// </para>
/// </summary>
internal sealed class Admission
{
    /// <summary>The place of one connection, from <see cref="Admit"/> to <see cref="Leave"/>.</summary>
    internal sealed class Place
    {
        internal Place(Visitor visitor) => Visitor = visitor;

        internal Visitor Visitor { get; }

        /// <summary>Where it stands among those who wait; null once it has said what it wants.</summary>
        internal LinkedListNode<Place>? Waiting { get; set; }
    }

    /// <summary>What is remembered of one address.</summary>
    internal sealed class Visitor(IPAddress network)
    {
        internal IPAddress Network { get; } = network;

        internal int Places { get; set; }

        internal int Waiting { get; set; }

        /// <summary>
        /// The bucket of tokens, as the time at which it is full again: each connection moves that time on by the time that a token takes.
        /// </summary>
        internal TimeSpan FullAt { get; set; }

        internal bool CanBeForgotten(TimeSpan now) => Places == 0 && FullAt <= now;
    }

    /// <summary>What becomes of a connection.</summary>
    internal abstract record Decision
    {
        private Decision()
        {
        }

        /// <summary>It is let in.</summary>
        /// <param name="Place">Its place.</param>
        /// <param name="Instead">Whose connection is to be closed for it; has left already. Null when there was room.</param>
        internal sealed record Admitted(Place Place, Place? Instead) : Decision;

        /// <summary>It is closed.</summary>
        /// <param name="Why">In words.</param>
        internal sealed record Refused(string Why) : Decision;
    }

    /// <summary>Addresses that are remembered besides those that have a place.</summary>
    public const int MaxIdleVisitors = 1024;

    private const int Burst = 2;

    private readonly Dictionary<IPAddress, Visitor> _visitors = [];
    private readonly LinkedList<Place> _waiting = [];
    private ListenerLimits _limits;
    private Decision _tooFast;
    private Decision _tooMany;
    private Decision _full;
    private TimeSpan _token;
    private TimeSpan _swept;

    /// <param name="limits">What strangers can cost.</param>
    public Admission(ListenerLimits limits) => Limits = limits;

    /// <summary>What strangers can cost; who has a place keeps it when that becomes less.</summary>
    public ListenerLimits Limits
    {
        get => _limits;
        [MemberNotNull(nameof(_limits), nameof(_tooFast), nameof(_tooMany), nameof(_full))]
        set
        {
            _limits = value;
            _tooFast = new Decision.Refused($"it opens more than {value.Rate} connections a second");
            _tooMany = new Decision.Refused($"{value.PerAddress} of its requests are being answered");
            _full = new Decision.Refused($"{value.Connections} requests are being answered");
            _token = TimeSpan.FromSeconds(1) / value.Rate;
        }
    }

    /// <summary>Connections that have a place.</summary>
    public int Places { get; private set; }

    /// <summary>Addresses that are remembered.</summary>
    public int Visitors => _visitors.Count;

    /// <summary>What counts as one address: an IPv4 address, also where it is mapped into IPv6, or the /64 that one host has with IPv6.</summary>
    public static IPAddress NetworkOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    /// <summary>Somebody has connected.</summary>
    /// <param name="address">Who.</param>
    /// <param name="now">Time since some beginning; never goes back.</param>
    public Decision Admit(IPAddress address, TimeSpan now)
    {
        var visitor = Find(NetworkOf(address), now);
        var fullAt = visitor.FullAt > now ? visitor.FullAt : now;
        if (fullAt + _token - now > Burst * _limits.Rate * _token)
            return _tooFast;

        Place? instead = null;
        if (visitor.Places >= _limits.PerAddress)
        {
            instead = _waiting.FirstOrDefault(place => place.Visitor == visitor);
            if (instead is null)
                return _tooMany;
        }
        else if (Places >= _limits.Connections)
        {
            instead = MostDispensable(visitor);
            if (instead is null)
                return _full;
        }

        if (instead is not null)
            Leave(instead);
        visitor.FullAt = fullAt + _token;
        visitor.Places++;
        visitor.Waiting++;
        Places++;
        var place = new Place(visitor);
        place.Waiting = _waiting.AddLast(place);
        return new Decision.Admitted(place, instead);
    }

    /// <summary>It has said what it wants, and is answered now: it no longer gives way.</summary>
    public void Answer(Place place)
    {
        if (place.Waiting is null)
            return;
        _waiting.Remove(place.Waiting);
        place.Waiting = null;
        place.Visitor.Waiting--;
    }

    /// <summary>It is over; once for each place.</summary>
    public void Leave(Place place)
    {
        Answer(place);
        place.Visitor.Places--;
        Places--;
    }

    /// <summary>The waiting connection that can be done without first, which leaves; null when none waits.</summary>
    public Place? GiveUpOne()
    {
        var place = MostDispensable(newcomer: null);
        if (place is not null)
            Leave(place);
        return place;
    }

    private Place? MostDispensable(Visitor? newcomer)
    {
        Place? found = null;
        var most = 0;
        foreach (var place in _waiting)
        {
            var waiting = place.Visitor.Waiting + (place.Visitor == newcomer ? 1 : 0);
            if (waiting > most)
                (found, most) = (place, waiting);
        }

        return found;
    }

    private Visitor Find(IPAddress network, TimeSpan now)
    {
        if (_visitors.TryGetValue(network, out var known))
            return known;
        MakeRoom(now);
        return _visitors[network] = new Visitor(network);
    }

    // Whoever has no place and a full bucket is like one who was never here. Should all others be remembered, the one goes that is nearest to
    // that.
    private void MakeRoom(TimeSpan now)
    {
        var isFull = _visitors.Count >= _limits.Connections + MaxIdleVisitors;
        if (now - _swept >= TimeSpan.FromSeconds(Burst) || isFull)
        {
            _swept = now;
            foreach (var (network, visitor) in _visitors)
            {
                if (visitor.CanBeForgotten(now))
                    _visitors.Remove(network);
            }
        }

        if (_visitors.Count >= _limits.Connections + MaxIdleVisitors
            && _visitors.Values.Where(visitor => visitor.Places == 0).MinBy(visitor => visitor.FullAt) is { } idle)
            _visitors.Remove(idle.Network);
    }
}
