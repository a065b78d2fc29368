namespace UsbIpCluster.Protocol.Tests;

/// <summary>A message that has not all arrived yet, for every reader.</summary>
public sealed class TruncationTests
{
    public static TheoryData<string> Formats => WireFormat.Names;

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_valid_message_cut_at_any_byte_needs_more(string name)
    {
        var format = WireFormat.Named(name);
        foreach (var message in format.Examples())
        {
            for (var length = 0; length < message.Length; length++)
            {
                var outcome = format.Read(message.AsSpan(0, length));
                Assert.Equal(ReadStatus.NeedMore, outcome.Status);
                Assert.InRange(outcome.Missing, 1, message.Length - length);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Receiving_what_is_missing_takes_the_message_and_not_a_byte_of_the_next(string name)
    {
        var format = WireFormat.Named(name);
        foreach (var message in format.Examples())
        {
            byte[] stream = [.. message, .. message];
            var received = 0;
            var outcome = format.Read([]);
            for (var reads = 0; outcome.Status == ReadStatus.NeedMore && reads < 10; reads++)
            {
                received += outcome.Missing;
                outcome = format.Read(stream.AsSpan(0, received));
            }

            Assert.Equal((ReadStatus.Complete, message.Length, message.Length), (outcome.Status, outcome.Consumed, received));
        }
    }
}
