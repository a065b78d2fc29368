using System.Collections.Immutable;
using Akka.Actor;

namespace UsbIpCluster.Node;

/// <summary>What an attachment was asked to do.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Target">What to keep attached.</param>
/// <param name="Once">Whether a loss ends it.</param>
/// <param name="User">Who asked; null when the daemon does not know.</param>
/// <param name="Rule">The rule that made it, one for each device that matches; null when it was asked for by itself.</param>
/// <param name="Hold">Whose end is its end; null when it stays until it is detached.</param>
internal sealed record AttachmentPlan(
    AttachmentId Id, AttachmentTarget Target, bool Once, string? User, AttachmentId? Rule = null, AttachmentHold? Hold = null);

/// <summary>Who asked for an attachment, and waits for it.</summary>
/// <param name="Who">Is answered, with an <see cref="AttachmentStatus"/> or a failure.</param>
/// <param name="Wait">
/// How long it waits for the device to be usable; null when it is answered as soon as the socket is handed over, and the attachment is
/// dropped when its first attempt fails.
/// </param>
/// <param name="Steal">Whether to take the device from whoever holds it, once.</param>
internal sealed record AttachmentAsker(IActorRef Who, TimeSpan? Wait, bool Steal);

/// <summary>
/// Which attachments of this node are no more: what they still hold nobody else can give up, so that a new one takes it over. That happens
/// when the state folder was lost.
/// </summary>
/// <param name="Node">This node.</param>
/// <param name="First">The first attachment of this run of the daemon.</param>
/// <param name="Kept">Those before it that go on.</param>
internal sealed record FormerAttachments(NodeName Node, AttachmentId First, ImmutableHashSet<AttachmentId> Kept)
{
    /// <summary>The one of them that holds a device; null when somebody else holds it, or nobody.</summary>
    /// <param name="holder">Who holds the device, as the inventory says.</param>
    public AttachmentId? Behind(string? holder) =>
        Holder.Parse(holder) is { } held && held.Node == Node && held.Attachment.Number < First.Number && !Kept.Contains(held.Attachment)
            ? held.Attachment
            : null;
}
