namespace Akka.Serialization;

/// <summary>Turns messages into bytes and back.</summary>
public abstract class Serializer
{
    /// <summary>The system that it works for.</summary>
    protected readonly ExtendedActorSystem system;

    /// <summary>A serializer of a system.</summary>
    protected Serializer(ExtendedActorSystem system) => this.system = system;

    /// <summary>The number that stands for this serializer on the wire.</summary>
    public abstract int Identifier { get; }

    /// <summary>A message's bytes.</summary>
    public abstract byte[] ToBinary(object obj);
}

/// <summary>
/// A serializer that names each kind of message itself. The names are the closed set of what it accepts: for any other it throws, and
/// whatever it throws, the message is refused and the connection that it came from closed.
/// </summary>
public abstract class SerializerWithStringManifest : Serializer
{
    /// <summary>A serializer of a system.</summary>
    protected SerializerWithStringManifest(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <summary>The name of a message's kind.</summary>
    public abstract string Manifest(object o);

    /// <summary>The message of a kind that these bytes are.</summary>
    public abstract object FromBinary(byte[] bytes, string manifest);
}

/// <summary>A serializer and the messages that it is for.</summary>
public sealed class SerializerDetails
{
    private SerializerDetails(string alias, Serializer serializer, ImmutableHashSet<Type> useFor) =>
        (Alias, Serializer, UseFor) = (alias, serializer, useFor);

    /// <summary>Its name.</summary>
    public string Alias { get; }

    /// <summary>The serializer.</summary>
    public Serializer Serializer { get; }

    /// <summary>Types whose instances, and those of their subtypes, it is for.</summary>
    public ImmutableHashSet<Type> UseFor { get; }

    /// <summary>A serializer and the messages that it is for.</summary>
    public static SerializerDetails Create(string alias, Serializer serializer, ImmutableHashSet<Type> useFor) => new(alias, serializer, useFor);
}
