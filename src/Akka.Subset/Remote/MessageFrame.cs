using Akka.Serialization;

namespace Akka.Remote;

/// <summary>
/// A message on the wire: recipient and sender by path, the serializer's number, the manifest, the bytes.
/// </summary>
internal static class MessageFrame
{
    private const int MaxPath = 2048;
    private const int MaxManifest = 128;

    public static void Send(Transport transport, ActorPath to, object message, IActorRef? sender)
    {
        if (transport.System.Serializers.For(message) is not { } serializer)
        {
            transport.CountDropped($"no serializer is for {message.GetType()}");
            return;
        }

        byte[] frame;
        try
        {
            var from = sender is null or DeadLetterActorRef ? "" : sender.Path.ToSerializationFormatWithAddress(transport.Self.Address);
            frame = new WireWriter(FrameKind.Message)
                .Text(to.ToSerializationFormatWithAddress(transport.Self.Address)).Text(from)
                .Int32(serializer.Identifier).Text(serializer.Manifest(message)).Bytes(serializer.ToBinary(message)).ToFrame();
        }
        catch (Exception e)
        {
            transport.CountDropped($"{message.GetType()} could not be serialized: {e.Message}");
            return;
        }

        transport.Send(to.Address, frame);
    }

    /// <exception cref="WireException">The frame is no message, or one that no serializer accepts.</exception>
    public static void Deliver(Transport transport, byte[] frame)
    {
        var reader = new WireReader(frame);
        reader.Byte();
        var to = Path(reader.Text(MaxPath));
        var from = reader.Text(MaxPath) is { Length: > 0 } sender ? Path(sender) : null;
        var identifier = reader.Int32();
        var manifest = reader.Text(MaxManifest);
        if (manifest.Any(char.IsControl))
            throw new WireException("a manifest with control characters");

        var system = transport.System;
        object message;
        try
        {
            message = system.Serializers.Numbered(identifier).FromBinary(reader.Rest(), manifest);
        }
        catch (Exception e)
        {
            transport.CountUnknown($"Refused a message with the manifest '{manifest}': {e.Message}");
            throw new WireException($"a message that no serializer accepts, with the manifest '{manifest}'", e);
        }

        system.Resolve(to).Tell(message, from is null ? null : system.Resolve(from));
    }

    private static ActorPath Path(string text) =>
        ActorPath.TryParse(text, out var path) && path.Address.Port is not null ? path : throw new WireException("a path that is none");
}

/// <summary>The closed set of messages that cross the wire.</summary>
internal sealed class Serializers(SubsetActorSystem system, IEnumerable<Func<ExtendedActorSystem, SerializerDetails>> factories)
{
    private readonly SerializerDetails[] _all = [.. factories.Select(factory => factory(system))];
    private readonly ConcurrentDictionary<Type, SerializerWithStringManifest?> _byType = new();

    public SerializerWithStringManifest? For(object message) => _byType.GetOrAdd(message.GetType(), type =>
        _all.FirstOrDefault(details => details.UseFor.Any(used => used.IsAssignableFrom(type)))?.Serializer as SerializerWithStringManifest);

    /// <exception cref="WireException">There is none.</exception>
    public SerializerWithStringManifest Numbered(int identifier) =>
        _all.Select(details => details.Serializer).OfType<SerializerWithStringManifest>().FirstOrDefault(found => found.Identifier == identifier)
        ?? throw new WireException($"no serializer has the number {identifier}");
}

/// <summary>An actor of another node.</summary>
internal sealed class RemoteActorRef(Transport transport, ActorPath path) : ActorRefBase, IInternalActorRef
{
    public override ActorPath Path => path;

    public SubsetActorSystem System => transport.System;

    public bool IsLocal => false;

    public void SendSystemMessage(SystemMessage message) =>
        transport.System.Publish(LogLevel.WarningLevel, path.ToString(), $"{message.GetType().Name} can't be sent to another node", null);

    private protected override void TellInternal(object message, IActorRef? sender) => MessageFrame.Send(transport, path, message, sender);
}
