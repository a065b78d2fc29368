using System.Runtime.Serialization;
using System.Text;
using Akka.Actor;
using Akka.Serialization;

namespace Akka.Contract.Remote;

/// <summary>What these tests send over the wire.</summary>
public interface IContractMessage;

/// <summary>Asks for a <see cref="Said"/> with the same text.</summary>
public sealed record Say(string Text) : IContractMessage;

/// <summary>The answer to <see cref="Say"/>.</summary>
public sealed record Said(string Text) : IContractMessage;

/// <summary>The recipient knows no such message.</summary>
public sealed record Strange : IContractMessage;

public sealed class ContractSerializer : SerializerWithStringManifest
{
    public ContractSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    public override int Identifier => 4711;

    public override string Manifest(object o) => o switch
    {
        Say => "say",
        Said => "said",
        Strange => "strange",
        _ => throw new SerializationException($"{o.GetType()} is not sent"),
    };

    public override byte[] ToBinary(object obj) => Encoding.UTF8.GetBytes(obj switch
    {
        Say say => say.Text,
        Said said => said.Text,
        _ => "",
    });

    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        "say" => new Say(Encoding.UTF8.GetString(bytes)),
        "said" => new Said(Encoding.UTF8.GetString(bytes)),
        _ => throw new SerializationException($"no message is called '{manifest}'"),
    };
}

/// <summary>Answers what is said.</summary>
internal sealed class Parrot : ReceiveActor
{
    public Parrot() => Receive<Say>(say => Sender.Tell(new Said(say.Text)));
}
