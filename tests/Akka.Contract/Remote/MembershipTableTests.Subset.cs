using Akka.Actor;
using Akka.Cluster;
using Akka.Remote;

namespace Akka.Contract.Remote;

/// <summary>Tables that meet in any order and any number of times say the same in the end.</summary>
public sealed class MembershipTableTests
{
    private static readonly DateTimeOffset s_now = DateTimeOffset.UnixEpoch.AddYears(55);

    [Fact]
    public void Merging_is_commutative_associative_and_idempotent()
    {
        var random = new Random(20250101);
        for (var round = 0; round < 300; round++)
        {
            var (a, b, c) = (Any(random), Any(random), Any(random));
            Assert.Equal(a.Merge(b, s_now).Digest, b.Merge(a, s_now).Digest);
            Assert.Equal(a.Merge(b, s_now).Merge(c, s_now).Digest, a.Merge(b.Merge(c, s_now), s_now).Digest);
            Assert.Equal(a.Merge(b, s_now).Digest, a.Merge(b, s_now).Merge(a, s_now).Merge(b, s_now).Digest);
        }
    }

    [Fact]
    public void A_status_never_goes_back()
    {
        var up = MembershipTable.Empty.With(Node(1, 1), MemberStatus.Up, s_now);
        var removed = up.With(Node(1, 1), MemberStatus.Removed, s_now);
        Assert.Equal(MemberStatus.Removed, removed.Merge(up, s_now).Status(Node(1, 1)));
        Assert.Equal(MemberStatus.Removed, removed.With(Node(1, 1), MemberStatus.Joining, s_now).Status(Node(1, 1)));
    }

    [Fact]
    public void A_table_is_read_as_it_is_written()
    {
        var random = new Random(20250102);
        for (var round = 0; round < 100; round++)
        {
            var table = Any(random);
            var writer = new WireWriter(FrameKind.Cluster);
            table.Write(writer);
            var reader = new WireReader(writer.ToFrame().AsSpan(5));
            Assert.Equal(table.Digest, MembershipTable.Read(ref reader, Systems.Name, s_now).Digest);
            reader.End();
        }
    }

    [Fact]
    public void Of_the_removed_ones_the_last_four_of_an_address_are_kept_and_for_a_day()
    {
        var table = MembershipTable.Empty;
        for (var uid = 1; uid <= 6; uid++)
            table = table.With(Node(1, uid), MemberStatus.Removed, s_now.AddMinutes(uid));
        Assert.Equal([null, null, MemberStatus.Removed, MemberStatus.Removed, MemberStatus.Removed, MemberStatus.Removed],
            Enumerable.Range(1, 6).Select(uid => table.Status(Node(1, uid))));
        var later = table.With(Node(2, 1), MemberStatus.Up, s_now.AddDays(1).AddMinutes(5.5));
        Assert.Equal([null, MemberStatus.Removed], new[] { 5, 6 }.Select(uid => later.Status(Node(1, uid))));
    }

    private static UniqueAddress Node(int port, int uid) => new(new Address("akka.tcp", Systems.Name, "127.0.0.1", port), uid);

    private static MembershipTable Any(Random random)
    {
        var table = MembershipTable.Empty;
        for (var entries = random.Next(0, 12); entries > 0; entries--)
        {
            table = table.With(
                Node(random.Next(1, 4), random.Next(1, 8)), (MemberStatus)random.Next(0, 6), s_now.AddSeconds(-random.Next(0, 100)));
        }

        return table;
    }
}
