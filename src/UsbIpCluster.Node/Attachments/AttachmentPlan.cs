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
/// <param name="Asker">Who is answered, with an <see cref="AttachmentStatus"/> or a failure; null when nobody waits.</param>
internal sealed record AttachmentPlan(AttachmentId Id, AttachmentTarget Target, bool Once, TimeSpan? Wait, IActorRef? Asker);
