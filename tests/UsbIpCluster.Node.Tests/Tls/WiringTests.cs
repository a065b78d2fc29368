using System.Collections.Immutable;
using System.Net;
using Akka.Actor;
using Akka.Cluster;
using Akka.TestKit.Xunit2;
using Microsoft.Extensions.Logging.Abstractions;
using UsbIpCluster.Certificates;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Node.Tests;

/// <summary>Actor systems as the daemon has them, with TLS, on loopback.</summary>
public sealed class WiringTests : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly TestPki _pki = new();
    private readonly List<ActorSystem> _systems = [];

    protected override void AfterAll()
    {
        Task.WaitAll([.. _systems.Select(system => system.Terminate())], Patience);
        _pki.Dispose();
        base.AfterAll();
    }

    // A connection that was accepted tells nobody at which address the other end is served.
    [Fact]
    public async Task Whoever_joins_and_whoever_is_joined_learns_for_whom_the_others_certificate_is()
    {
        var (joined, joining) = (Start("lab1"), Start("lab2"));
        joined.Cluster.Join(joined.Cluster.SelfAddress);
        joining.Cluster.Join(joined.Cluster.SelfAddress);
        await AwaitConditionAsync(
            () => Seen(joined, joining) is not null && Seen(joining, joined) is not null, Patience, TimeSpan.FromMilliseconds(20));
        Assert.Equal([NodeName.Parse("lab2")], Seen(joined, joining)!.Value.AsEnumerable());
        Assert.Equal([NodeName.Parse("lab1")], Seen(joining, joined)!.Value.AsEnumerable());

        static ImmutableArray<NodeName>? Seen((Cluster Cluster, PeerNames Names) by, (Cluster Cluster, PeerNames Names) of) =>
            by.Names.At(of.Cluster.SelfAddress.ToString());
    }

    private (Cluster Cluster, PeerNames Names) Start(string node)
    {
        var tls = ClusterTls.Load(_pki.Issue(node), NodeName.Parse(node), DateTimeOffset.UtcNow);
        var settings = new ClusterSettings(new IPEndPoint(IPAddress.Loopback, 0), IPAddress.Loopback, tls);
        var system = Wiring.CreateSystem(settings, NullLogger.Instance);
        _systems.Add(system);
        return (Cluster.Get(system), tls.Names);
    }
}
