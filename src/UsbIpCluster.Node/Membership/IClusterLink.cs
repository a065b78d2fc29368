using Akka.Actor;

namespace UsbIpCluster.Node;

/// <summary>What the <see cref="MembershipActor"/> asks of the cluster; addresses are as in <see cref="ClusterAddress"/>.</summary>
internal interface IClusterLink
{
    /// <summary>This node's address.</summary>
    string Self { get; }

    /// <summary>Joins a member's cluster; joining oneself forms one. A later call takes the place of one that has not succeeded.</summary>
    void Join(string address);

    /// <summary>Declares a member gone.</summary>
    void Down(string address);

    /// <summary>The membership's actor of the node at an address.</summary>
    ICanTell MembershipAt(string address);

    /// <summary>
    /// An actor that tells <paramref name="membership"/> of the members as they are, and then of every change:
    /// <see cref="MembershipActor.Seen"/>, <see cref="MembershipActor.Gone"/> and <see cref="MembershipActor.Heard"/>.
    /// </summary>
    Props Watcher(IActorRef membership);
}
