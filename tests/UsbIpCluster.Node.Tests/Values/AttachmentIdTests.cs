namespace UsbIpCluster.Node.Tests;

public sealed class AttachmentIdTests
{
    [Theory]
    [InlineData("a1", 1u)]
    [InlineData("A17", 17u)]
    [InlineData("a4294967295", uint.MaxValue)]
    public void An_id_is_an_a_and_a_number(string text, uint number)
    {
        Assert.True(AttachmentId.TryParse(text, out var id));
        Assert.Equal(number, id.Number);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("a0")]
    [InlineData("1")]
    [InlineData("b1")]
    [InlineData("a-1")]
    [InlineData("a+1")]
    [InlineData("a 1")]
    [InlineData("a1.0")]
    [InlineData("a4294967296")]
    public void Anything_else_is_no_id(string? text) => Assert.False(AttachmentId.TryParse(text, out _));

    [Fact]
    public void The_ids_count_up() => Assert.Equal("a2", new AttachmentId(1).Next.ToString());

    [Fact]
    public void A_holder_is_written_as_node_and_id() =>
        Assert.Equal("lab1/a3", new Holder(NodeName.Parse("lab1"), new AttachmentId(3)).ToString());

    [Fact]
    public void A_higher_epoch_follows_each() => Assert.Equal(new Epoch(8), new Epoch(7).Next);
}
