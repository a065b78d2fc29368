using Akka.Actor;

namespace UsbIpCluster.Node;

/// <summary>What an attachment was asked to do.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Target">What to keep attached.</param>
/// <param name="Once">Whether a loss ends it.</param>
/// <param name="Wait">
/// How long the asker waits for the device to be usable; null when it is answered as soon as the socket is handed over, and the attachment
/// is dropped when its first attempt fails.
/// </param>
/// <param name="User">Who asked; null when the daemon does not know.</param>
/// <param name="Steal">Whether to take the device from whoever holds it, once.</param>
/// <param name="First">The first attachment of this run of the daemon: those before it are no more.</param>
/// <param name="Asker">Who is answered, with an <see cref="AttachmentStatus"/> or a failure; null when nobody waits.</param>
internal sealed record AttachmentPlan(
    AttachmentId Id,
    AttachmentTarget Target,
    bool Once,
    TimeSpan? Wait,
    string? User,
    bool Steal,
    AttachmentId First,
    IActorRef? Asker)
{
    /// <summary>
    /// The attachment of an earlier run of this daemon that holds a device: nobody else can give it up, so that a new one takes it over. Null
    /// when somebody else holds it, or nobody.
    /// </summary>
    /// <param name="node">This node.</param>
    /// <param name="first">The first attachment of this run.</param>
    /// <param name="holder">Who holds the device, as the inventory says.</param>
    public static AttachmentId? Orphan(NodeName node, AttachmentId first, string? holder) =>
        Holder.Parse(holder) is { } held && held.Node == node && held.Attachment.Number < first.Number ? held.Attachment : null;
}
