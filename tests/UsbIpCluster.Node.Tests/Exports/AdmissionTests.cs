using System.Net;

namespace UsbIpCluster.Node.Tests;

/// <summary>Who is let in at the USB/IP port, and who gives way.</summary>
public sealed class AdmissionTests
{
    private static readonly ListenerLimits Limits = new(Connections: 6, PerAddress: 3, Rate: 10, TimeSpan.FromSeconds(4));
    private static readonly IPAddress One = IPAddress.Parse("10.0.0.1");
    private static readonly IPAddress Other = IPAddress.Parse("10.0.0.2");

    private readonly Admission _admission = new(Limits);

    [Fact]
    public void Whoever_comes_is_let_in_while_there_is_room()
    {
        for (var i = 0; i < Limits.Connections; i++)
            Assert.Null(Let(Address(i / Limits.PerAddress)).Instead);
        Assert.Equal(Limits.Connections, _admission.Places);
    }

    [Fact]
    public void New_limits_hold_for_who_comes_next_and_close_nobody()
    {
        for (var i = 0; i < Limits.PerAddress; i++)
            _admission.Answer(Let(One).Place);
        _admission.Limits = Limits with { PerAddress = 1 };
        Assert.Equal(Limits.PerAddress, _admission.Places);
        Assert.Contains("1 of its requests", Refuse(One), StringComparison.Ordinal);
        _admission.Limits = Limits with { PerAddress = Limits.PerAddress + 1 };
        Assert.Null(Let(One).Instead);
    }

    [Fact]
    public void Fewer_places_than_are_taken_are_no_harm()
    {
        _admission.Limits = new ListenerLimits(Connections: 2000, PerAddress: 1, Rate: 10, TimeSpan.FromSeconds(4));
        for (var number = 0; number < 2000; number++)
            _admission.Answer(Let(Address(number)).Place);
        _admission.Limits = Limits;
        Assert.Contains("6 requests", Refuse(Address(5000)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_oldest_of_one_address_gives_way_to_its_next()
    {
        Let(Other);
        var oldest = Let(One).Place;
        var second = Let(One).Place;
        Let(One);
        Assert.Same(oldest, Let(One).Instead);
        Assert.Same(second, Let(One).Instead);
        Assert.Equal(4, _admission.Places);
    }

    [Fact]
    public void Who_has_said_what_he_wants_does_not_give_way()
    {
        var asked = Let(One).Place;
        _admission.Answer(asked);
        var silent = Let(One).Place;
        Let(One);
        Assert.Same(silent, Let(One).Instead);
    }

    [Fact]
    public void An_address_whose_requests_are_all_being_answered_is_refused_and_another_is_not()
    {
        for (var i = 0; i < Limits.PerAddress; i++)
            _admission.Answer(Let(One).Place);
        Assert.Contains("3 of its requests", Refuse(One), StringComparison.Ordinal);
        Assert.Null(Let(Other).Instead);
    }

    [Fact]
    public void A_full_port_takes_from_the_address_with_the_most_that_wait()
    {
        var lone = Let(Address(9)).Place;
        var first = Let(One).Place;
        var second = Let(Other).Place;
        Let(Other);
        Let(One);
        Let(One);
        Assert.Same(first, Let(Address(8)).Instead);

        // Now both have two, and the oldest of these goes; a single connection stays, although it is older.
        Assert.Same(second, Let(Address(7)).Instead);
        Assert.NotNull(lone.Waiting);
    }

    [Fact]
    public void A_full_port_of_one_connection_an_address_takes_the_oldest()
    {
        var places = Enumerable.Range(0, Limits.Connections).Select(i => Let(Address(i)).Place).ToArray();
        Assert.Same(places[0], Let(Address(100)).Instead);
        Assert.Same(places[1], Let(Address(101)).Instead);
    }

    [Fact]
    public void An_address_that_comes_with_more_than_others_makes_room_itself()
    {
        Let(Address(1));
        Let(Address(2));
        var own = Let(One).Place;
        Let(One);
        Let(Other);
        Let(Other);
        Assert.Same(own, Let(One).Instead);
    }

    [Fact]
    public void A_port_where_all_are_being_answered_is_full()
    {
        for (var i = 0; i < Limits.Connections; i++)
            _admission.Answer(Let(Address(i)).Place);
        Assert.Contains("6 requests", Refuse(Address(100)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_place_that_is_left_is_free()
    {
        var places = Enumerable.Range(0, Limits.PerAddress).Select(_ => Let(One).Place).ToArray();
        _admission.Answer(places[0]);
        _admission.Leave(places[0]);
        Assert.Null(Let(One).Instead);
        Assert.Equal(Limits.PerAddress, _admission.Places);
    }

    [Fact]
    public void Where_one_has_to_be_given_up_it_is_one_that_waits()
    {
        _admission.Answer(Let(One).Place);
        Assert.Null(_admission.GiveUpOne());
        var waiting = Let(One).Place;
        Assert.Same(waiting, _admission.GiveUpOne());
        Assert.Equal(1, _admission.Places);
    }

    [Fact]
    public void Twice_the_rate_comes_in_at_once_and_then_the_rate()
    {
        for (var i = 0; i < 2 * Limits.Rate; i++)
            LetAndLeave(One, TimeSpan.Zero);
        Assert.Contains("10 connections a second", Refuse(One), StringComparison.Ordinal);
        LetAndLeave(Other, TimeSpan.Zero);

        Assert.Equal(5, Count(One, from: 0.5));
        Assert.Equal(10, Count(One, from: 1.5));
        Assert.Equal(2 * Limits.Rate, Count(One, from: 60));
    }

    [Fact]
    public void Whoever_is_refused_pays_nothing_for_it()
    {
        for (var i = 0; i < 2 * Limits.Rate; i++)
            LetAndLeave(One, TimeSpan.Zero);
        for (var i = 0; i < 1000; i++)
            Refuse(One);
        LetAndLeave(One, TimeSpan.FromSeconds(0.1));
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1")]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    [InlineData("fe80::1%2", "fe80::")]
    [InlineData("::1", "::")]
    public void An_address_is_an_IPv4_address_or_a_network_of_IPv6(string address, string network) =>
        Assert.Equal(IPAddress.Parse(network), Admission.NetworkOf(IPAddress.Parse(address)));

    [Fact]
    public void The_addresses_of_one_network_of_IPv6_count_together()
    {
        var first = Let(IPAddress.Parse("2001:db8::1")).Place;
        Let(IPAddress.Parse("2001:db8::2"));
        Let(IPAddress.Parse("2001:db8::3"));
        Assert.Same(first, Let(IPAddress.Parse("2001:db8::4")).Instead);
        Assert.Null(Let(IPAddress.Parse("2001:db8:0:1::4")).Instead);
    }

    [Fact]
    public void Whoever_has_left_and_has_a_full_bucket_is_forgotten()
    {
        var stays = Let(Address(0)).Place;
        for (var i = 1; i <= 500; i++)
            LetAndLeave(Address(i), TimeSpan.Zero);
        Assert.Equal(501, _admission.Visitors);
        LetAndLeave(Address(501), TimeSpan.FromSeconds(10));
        Assert.Equal(2, _admission.Visitors);
        _admission.Leave(stays);
    }

    [Fact]
    public void More_addresses_than_can_be_remembered_are_let_in_all_the_same()
    {
        var places = Enumerable.Range(0, Limits.Connections).Select(i => Let(Address(i)).Place).ToArray();
        foreach (var place in places)
            _admission.Answer(place);
        _admission.Leave(places[0]);
        var most = Limits.Connections + Admission.MaxIdleVisitors;
        for (var i = 0; i < 3 * most; i++)
        {
            LetAndLeave(Address(1000 + i), TimeSpan.FromSeconds(0.000_001 * i));
            Assert.True(_admission.Visitors <= most, $"{_admission.Visitors} addresses are remembered");
        }

        foreach (var place in places.Skip(1))
            _admission.Leave(place);
        Assert.Equal(0, _admission.Places);
    }

    [Fact]
    public void Whatever_comes_the_counts_are_right()
    {
        var random = new Random(20_250_301);
        var here = new List<(Admission.Place Place, int Address)>();
        var now = TimeSpan.Zero;
        for (var step = 0; step < 20_000; step++)
        {
            now += TimeSpan.FromMilliseconds(random.Next(20));
            switch (random.Next(3))
            {
                case 0 when here.Count > 0:
                    var leaving = random.Next(here.Count);
                    _admission.Leave(here[leaving].Place);
                    here.RemoveAt(leaving);
                    break;
                case 1 when here.Count > 0:
                    _admission.Answer(here[random.Next(here.Count)].Place);
                    break;
                default:
                    var address = random.Next(5);
                    if (_admission.Admit(Address(address), now) is Admission.Decision.Admitted admitted)
                    {
                        if (admitted.Instead is not null)
                            Assert.Equal(1, here.RemoveAll(each => each.Place == admitted.Instead));
                        here.Add((admitted.Place, address));
                    }

                    break;
            }

            Assert.Equal(here.Count, _admission.Places);
            Assert.True(here.Count <= Limits.Connections);
            Assert.All(here.CountBy(each => each.Address), count => Assert.True(count.Value <= Limits.PerAddress));
        }
    }

    private static IPAddress Address(int number) => new([10, 1, (byte)(number >> 8), (byte)number]);

    private Admission.Decision.Admitted Let(IPAddress address, TimeSpan now = default) =>
        Assert.IsType<Admission.Decision.Admitted>(_admission.Admit(address, now));

    private void LetAndLeave(IPAddress address, TimeSpan now) => _admission.Leave(Let(address, now).Place);

    private string Refuse(IPAddress address) =>
        Assert.IsType<Admission.Decision.Refused>(_admission.Admit(address, TimeSpan.Zero)).Why;

    // How many of a hundred that come at once are let in.
    private int Count(IPAddress address, double from)
    {
        var count = 0;
        while (count < 100 && _admission.Admit(address, TimeSpan.FromSeconds(from)) is Admission.Decision.Admitted admitted)
        {
            _admission.Leave(admitted.Place);
            count++;
        }

        return count;
    }
}
