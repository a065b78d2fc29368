using System.Diagnostics;

namespace Akka.Cluster;

/// <summary>What nodes say to each other about the cluster: a closed set. Who says it is known from the connection's hello.</summary>
internal abstract record ClusterMessage
{
    /// <summary>Asks whether the other is a member, to join it.</summary>
    public sealed record InitJoin : ClusterMessage;

    /// <summary>Says yes to <see cref="InitJoin"/>.</summary>
    public sealed record InitJoinAck : ClusterMessage;

    /// <summary>Asks a member to be let in.</summary>
    public sealed record Join : ClusterMessage;

    /// <summary>Lets the other in, with the table in which it is joining.</summary>
    public sealed record Welcome(MembershipTable Table) : ClusterMessage;

    /// <summary>The whole table.</summary>
    public sealed record Gossip(MembershipTable Table) : ClusterMessage;

    /// <summary>A sign of life, on the sender's clock; it brings back the last one that came from the other.</summary>
    /// <param name="ToUid">The incarnation that it is for.</param>
    /// <param name="Sent">The sender's clock.</param>
    /// <param name="Echo">The last <paramref name="Sent"/> of the recipient that the sender got; 0 for none.</param>
    /// <param name="Digest">The digest of the sender's table.</param>
    /// <param name="Kind">What is to be done about it.</param>
    public sealed record Heartbeat(int ToUid, long Sent, long Echo, ulong Digest, HeartbeatKind Kind) : ClusterMessage;

    /// <summary>Whether a frame is a heartbeat, if it is anything.</summary>
    public static bool IsHeartbeat(byte[] frame) => frame is [FrameKind.Cluster, 6, ..];

    public byte[] ToFrame()
    {
        var writer = new WireWriter(FrameKind.Cluster);
        _ = this switch
        {
            InitJoin => writer.Byte(1),
            InitJoinAck => writer.Byte(2),
            Join => writer.Byte(3),
            Welcome welcome => welcome.Table.Write(writer.Byte(4)),
            Gossip gossip => gossip.Table.Write(writer.Byte(5)),
            Heartbeat beat => writer.Byte(6).Int32(beat.ToUid).Int64(beat.Sent).Int64(beat.Echo).Int64((long)beat.Digest)
                .Byte((byte)beat.Kind),
            _ => throw new UnreachableException(),
        };
        return writer.ToFrame();
    }

    /// <exception cref="WireException">The frame is none of these.</exception>
    public static ClusterMessage FromFrame(byte[] frame, string system, DateTimeOffset now)
    {
        var reader = new WireReader(frame);
        reader.Byte();
        ClusterMessage message = reader.Byte() switch
        {
            1 => new InitJoin(),
            2 => new InitJoinAck(),
            3 => new Join(),
            4 => new Welcome(MembershipTable.Read(ref reader, system, now)),
            5 => new Gossip(MembershipTable.Read(ref reader, system, now)),
            6 => new Heartbeat(reader.Int32(), reader.Int64(), reader.Int64(), (ulong)reader.Int64(), (HeartbeatKind)reader.Byte()),
            var other => throw new WireException($"a cluster message of an unknown kind, {other}"),
        };
        reader.End();
        return message;
    }
}

/// <summary>What is to be done about a heartbeat. One of another number is a sign of life and no more.</summary>
internal enum HeartbeatKind : byte
{
    /// <summary>It wants an answer.</summary>
    Question,

    /// <summary>The question was not answered in time: both connections are used for this one, and for its answer. At most two follow one.</summary>
    Repetition,

    /// <summary>Nothing.</summary>
    Answer,
}
