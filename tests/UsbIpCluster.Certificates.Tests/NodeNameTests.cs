namespace UsbIpCluster.Certificates.Tests;

public sealed class NodeNameTests
{
    [Theory]
    [InlineData("lab1")]
    [InlineData("1")]
    [InlineData("Lab-1.rack_2")]
    public void A_name_is_letters_digits_dots_dashes_and_underscores(string text)
    {
        Assert.True(NodeName.TryParse(text, out var name));
        Assert.Equal(text, name.Value);
        Assert.Equal(text, name.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(".lab")]
    [InlineData("-lab")]
    [InlineData("_lab")]
    [InlineData("lab 1")]
    [InlineData("lab/1")]
    [InlineData("lab1\n")]
    [InlineData("läb")]
    [InlineData("١٢")]
    public void Anything_else_is_no_name(string? text) => Assert.False(NodeName.TryParse(text, out _));

    [Fact]
    public void A_name_has_63_characters_at_most()
    {
        Assert.True(NodeName.TryParse(new string('a', NodeName.MaxLength), out _));
        Assert.False(NodeName.TryParse(new string('a', NodeName.MaxLength + 1), out _));
    }

    [Fact]
    public void Parse_says_what_is_no_name() =>
        Assert.Contains("'a b'", Assert.Throws<FormatException>(() => NodeName.Parse("a b")).Message, StringComparison.Ordinal);

    [Fact]
    public void Names_that_differ_in_case_are_one_name()
    {
        var (lower, upper) = (NodeName.Parse("lab1"), NodeName.Parse("LAB1"));
        Assert.Equal(lower, upper);
        Assert.Equal(lower.GetHashCode(), upper.GetHashCode());
        Assert.Equal(0, lower.CompareTo(upper));
        Assert.True(lower <= upper && lower >= upper);
    }

    [Fact]
    public void Names_are_ordered_without_regard_to_case()
    {
        Assert.True(NodeName.Parse("a") < NodeName.Parse("B"));
        Assert.True(NodeName.Parse("C") > NodeName.Parse("b"));
    }

    [Fact]
    public void The_default_value_equals_itself_and_no_name()
    {
        Assert.Equal("", default(NodeName).Value);
        Assert.Equal(default, default(NodeName));
        Assert.NotEqual(default, NodeName.Parse("a"));
    }
}
