using System.Net;
using Akka.Serialization;

namespace Akka.Subset;

/// <summary>How a system is reached and reaches others.</summary>
public sealed record SubsetRemoteSettings
{
    /// <summary>Where it listens; port 0 for any.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>The host that others are told, a name or an address; null: that of <see cref="Listen"/>, if that is not any.</summary>
    public string? PublicHost { get; init; }

    /// <summary>The port that others are told; null: the one it listens on.</summary>
    public int? PublicPort { get; init; }

    /// <summary>The serializers of the messages that may cross the wire. Nothing else does.</summary>
    public IReadOnlyList<Func<ExtendedActorSystem, SerializerDetails>> Serializers { get; init; } = [];

    /// <summary>
    /// Puts protection around a connection, before anything is said over it: to this address, or accepted where there is none. Null:
    /// nothing protects it. Throws <see cref="System.Security.Authentication.AuthenticationException"/> for whom it refuses, with why.
    /// </summary>
    public Func<NetworkStream, Address?, CancellationToken, Task<Stream>>? Secure { get; init; }

    /// <summary>The longest frame, in bytes. A longer message is not sent; a longer frame ends its connection.</summary>
    public int MaxFrameBytes { get; init; } = 256 * 1024;

    /// <summary>How many connections from others there may be; more are closed at once.</summary>
    public int MaxInboundConnections { get; init; } = 256;

    /// <summary>How many bytes may wait for one system. What comes on top is dropped.</summary>
    public int MaxQueueBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>What has waited longer is dropped.</summary>
    public TimeSpan MaxQueueAge { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a handshake may take, and a frame that has begun.</summary>
    public TimeSpan FrameDeadline { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long to wait between two attempts to connect: the first time, and at most.</summary>
    public (TimeSpan First, TimeSpan Longest) Backoff { get; init; } = (TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));

    /// <summary>How long sent data may stay without acknowledgement before the connection counts as lost.</summary>
    public TimeSpan AcknowledgeTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long a system that ends goes on sending what it has got.</summary>
    public TimeSpan FlushTimeout { get; init; } = TimeSpan.FromMilliseconds(500);
}

/// <summary>What remoting has counted since the system began.</summary>
/// <param name="Refused">Connections that were closed for what came over them, or because there were too many.</param>
/// <param name="Unknown">Messages that no serializer knew, of those that came.</param>
/// <param name="Dropped">Messages that were not sent: too long, too many, too old, or of a type without a serializer.</param>
public readonly record struct SubsetRemoteStatistics(long Refused, long Unknown, long Dropped);
