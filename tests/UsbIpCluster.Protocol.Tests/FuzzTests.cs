using System.Buffers.Binary;

namespace UsbIpCluster.Protocol.Tests;

/// <summary>Whatever the bytes: no exception, an end, an answer that holds. The seed makes every run the same.</summary>
public sealed class FuzzTests
{
    private const int Seed = 0x0111;
    private const int Rounds = 15_000;

    public static TheoryData<string> Formats => WireFormat.Names;

    [Theory]
    [MemberData(nameof(Formats))]
    public void Random_bytes_are_survived(string name)
    {
        var format = WireFormat.Named(name);
        var random = new Random(Seed);
        var buffer = new byte[512];
        for (var round = 0; round < Rounds; round++)
        {
            var input = buffer.AsSpan(0, random.Next(buffer.Length));
            random.NextBytes(input);
            Holds(format, input);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Damaged_messages_are_survived(string name)
    {
        var format = WireFormat.Named(name);
        var random = new Random(Seed);
        var messages = format.Examples();
        for (var round = 0; round < Rounds; round++)
            Holds(format, Damaged([.. messages[round % messages.Count]], random));
    }

    [Fact]
    public void Random_descriptors_behind_the_head_of_a_configuration_are_survived()
    {
        var format = WireFormat.Named(nameof(UsbConfiguration));
        var random = new Random(Seed);
        var buffer = new byte[256];
        for (var round = 0; round < Rounds; round++)
        {
            var input = buffer.AsSpan(0, random.Next(ConfigurationDescriptor.Size, buffer.Length));
            random.NextBytes(input);
            new ConfigurationDescriptor((ushort)input.Length, 1, 1, 0, 0x80, 50).Write(input);

            // Mostly small lengths and the types that are read, or every other descriptor would reach behind the end.
            for (var at = ConfigurationDescriptor.Size; at + 1 < input.Length; at += Math.Max(1, (int)input[at]))
            {
                input[at] = (byte)random.Next(12);
                input[at + 1] = (byte)random.Next(8);
            }

            Holds(format, input);
        }
    }

    private static Span<byte> Damaged(byte[] message, Random random)
    {
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var at = random.Next(message.Length);
            switch (random.Next(4))
            {
                case 0:
                    message[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    message[at] = (byte)random.Next(256);
                    break;
                case 2:
                    message[at] = random.Next(2) == 0 ? (byte)0 : (byte)0xff;
                    break;
                case 3 when at + sizeof(int) <= message.Length:
                    ReadOnlySpan<int> extremes = [-1, int.MinValue, int.MaxValue, 0x10000];
                    BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(at), extremes[random.Next(extremes.Length)]);
                    break;
            }
        }

        return random.Next(4) == 0 ? message.AsSpan(0, random.Next(message.Length)) : message;
    }

    private static void Holds(WireFormat format, ReadOnlySpan<byte> input)
    {
        var outcome = format.Read(input);
        switch (outcome.Status)
        {
            case ReadStatus.Complete:
                Assert.InRange(outcome.Consumed, 1, input.Length);
                var again = format.Read(outcome.Encoded);
                Assert.Equal((ReadStatus.Complete, outcome.Encoded!.Length), (again.Status, again.Consumed));
                Assert.True(again.Encoded.AsSpan().SequenceEqual(outcome.Encoded), "what was read is not written as it is read");
                break;
            case ReadStatus.NeedMore:
                Assert.True(outcome.Missing > 0, "nothing is missing, and yet more is needed");
                break;
            case ReadStatus.Malformed:
                Assert.False(string.IsNullOrEmpty(outcome.Reason));
                Assert.DoesNotContain(outcome.Reason, char.IsControl);
                break;
        }
    }
}
