using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node.Tests;

public sealed class SelectorTests
{
    private static readonly ClusterDevice Disk = Samples.Device(
        "lab1",
        Samples.Entry("1-1.2") with
        {
            VendorId = 0x0525,
            ProductId = 0xa4a5,
            Serial = "Ab,C\\1",
            Product = "File-backed Storage",
            Name = "Golden",
            DeviceClass = default,
            Interfaces = [new UsbClass(8, 6, 80), new UsbClass(3, 0, 0)],
        });

    [Theory]
    [InlineData("0525:a4a5")]
    [InlineData("0525:A4A5")]
    [InlineData(" 0525:a4a5 ")]
    [InlineData("name=Golden")]
    [InlineData("name=gOLDEN")]
    [InlineData("NAME=golden")]
    [InlineData(@"serial=Ab\,C\\1")]
    [InlineData("lab1/1-1.2")]
    [InlineData("LAB1/1-1.2")]
    [InlineData("product=File*")]
    [InlineData("product=*STORAGE")]
    [InlineData("product=file-backed?storage")]
    [InlineData("product=*")]
    [InlineData("class=mass-storage")]
    [InlineData("class=Mass-Storage")]
    [InlineData("class=hid")]
    [InlineData("class=08")]
    [InlineData("class=03")]
    [InlineData("0525:a4a5,class=mass-storage,lab1/1-1.2")]
    [InlineData(@"serial=Ab\,C\\1, name=golden")]
    public void A_device_is_meant_by_what_it_is(string text) => Assert.True(Matches(text, Disk));

    [Theory]
    [InlineData("0525:a4a6")]
    [InlineData("0526:a4a5")]
    [InlineData("name=Gold")]
    [InlineData(@"serial=ab\,c\\1")]
    [InlineData("serial=Ab")]
    [InlineData("lab2/1-1.2")]
    [InlineData("lab1/1-1")]
    [InlineData("product=file")]
    [InlineData("product=File?")]
    [InlineData("class=audio")]
    [InlineData("class=ff")]
    [InlineData("class=00,class=audio")]
    [InlineData("0525:a4a5,class=audio")]
    [InlineData("1-1.2")]
    public void Another_device_is_not(string text) => Assert.False(Matches(text, Disk));

    [Fact]
    public void A_bus_id_alone_means_the_node_that_was_asked() =>
        Assert.True(Parse("1-1.2").Matches(Disk, NodeName.Parse("LAB1")));

    [Fact]
    public void The_class_of_the_device_itself_counts_too() =>
        Assert.True(Matches("class=hub", Disk with { Device = Disk.Device with { DeviceClass = new UsbClass(9, 0, 0) } }));

    [Fact]
    public void A_device_without_strings_matches_none_of_them()
    {
        var bare = Disk with { Device = Disk.Device with { Serial = null, Product = null, Name = null } };
        Assert.False(Matches("product=*", bare));
        Assert.False(Matches("serial=x", bare));
        Assert.False(Matches("name=x", bare));
    }

    [Theory]
    [InlineData(@"serial=a\b", @"a\b")]
    [InlineData(@"serial=a\", @"a\")]
    [InlineData("serial=a=b", "a=b")]
    [InlineData(@"serial=\,", ",")]
    [InlineData("serial= a ", " a ")]
    public void A_value_is_taken_as_it_is_written(string text, string serial) =>
        Assert.True(Matches(text, Disk with { Device = Disk.Device with { Serial = serial } }));

    [Fact]
    public void The_text_is_kept_as_it_was_written() => Assert.Equal(" 0525:A4A5", Parse(" 0525:A4A5").ToString());

    [Theory]
    [InlineData("S1", "serial=S1,0525:a4a5")]
    [InlineData(@"a,b\c", @"serial=a\,b\\c,0525:a4a5")]
    [InlineData(@"\,", @"serial=\\\,,0525:a4a5")]
    [InlineData(@"end\", @"serial=end\\,0525:a4a5")]
    [InlineData(" a ", "serial= a ,0525:a4a5")]
    [InlineData("a=b", "serial=a=b,0525:a4a5")]
    [InlineData(null, "1-1.2,0525:a4a5")]
    [InlineData("", "1-1.2,0525:a4a5")]
    public void One_device_is_meant_by_its_serial_or_its_place(string? serial, string text)
    {
        var device = Disk with { Device = Disk.Device with { Serial = serial } };
        var selector = Selector.ForDevice(device, [device]);
        Assert.Equal(text, selector.Text);
        foreach (var same in (Selector[])[selector, Parse(text)])
        {
            Assert.True(same.Matches(device, device.Node));
            Assert.True(same.NamesOneDevice);
            Assert.False(same.Matches(device with { Device = device.Device with { ProductId = 1 } }, device.Node));
            Assert.False(same.Matches(device with { Device = device.Device with { Serial = "other", BusId = BusId.Parse("9-9") } }, device.Node));
        }
    }

    [Fact]
    public void The_selector_of_one_device_can_be_read_again_whatever_its_serial_is()
    {
        var random = new Random(20240506);
        for (var i = 0; i < 2000; i++)
        {
            var serial = new string([.. Enumerable.Range(0, random.Next(1, 1100)).Select(_ => @"\,=/ a1"[random.Next(7)])]);
            var device = Disk with { Device = Disk.Device with { Serial = serial } };
            var selector = Selector.ForDevice(device, [device]);
            Assert.Equal(selector, Parse(selector.Text));
            Assert.True(Parse(selector.Text).Matches(device, device.Node), selector.Text);
        }
    }

    [Fact]
    public void A_serial_that_two_devices_have_means_neither()
    {
        var twin = Disk with { Device = Disk.Device with { BusId = BusId.Parse("2-1") } };
        Assert.Equal("1-1.2,0525:a4a5", Selector.ForDevice(Disk, [twin, Disk]).Text);
        Assert.StartsWith("serial=", Selector.ForDevice(Disk, [twin with { Device = twin.Device with { ProductId = 1 } }]).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0525:a4a5", false, false)]
    [InlineData("product=*,class=hid", false, false)]
    [InlineData("serial=x", true, false)]
    [InlineData("1-1", true, false)]
    [InlineData("lab1/1-1,class=hid", true, false)]
    [InlineData("class=hid,name=x", true, true)]
    public void A_selector_says_whether_it_names_one_device(string text, bool one, bool byName) =>
        Assert.Equal((one, byName), (Parse(text).NamesOneDevice, Parse(text).HasName));

    [Theory]
    [InlineData("0525:a4a5", "0525:A4A5")]
    [InlineData("0525:a4a5,class=hid", "class=hid,0525:a4a5")]
    [InlineData("0525:a4a5,class=hid", " CLASS=03,0525:A4A5,class=hid")]
    [InlineData("name=Golden", "NAME=gOLDEN")]
    [InlineData("product=*Storage", "product=*STORAGE")]
    [InlineData("LAB1/1-1.2", "lab1/1-1.2")]
    [InlineData("serial=Ab", "serial=ab", false)]
    [InlineData("lab1/1-1", "1-1", false)]
    [InlineData("name=x", "serial=x", false)]
    [InlineData("0525:a4a5,class=hid", "0525:a4a5", false)]
    public void Selectors_are_equal_when_their_terms_are(string one, string other, bool equal = true)
    {
        Assert.Equal(equal, Parse(one).Equals(Parse(other)));
        Assert.Equal(equal, Parse(other).Equals(Parse(one)));
        Assert.True(!equal || Parse(one).GetHashCode() == Parse(other).GetHashCode());
    }

    [Theory]
    [InlineData(null, "empty")]
    [InlineData("", "empty")]
    [InlineData("  ", "empty")]
    [InlineData(",", "''")]
    [InlineData("0525:a4a5,", "''")]
    [InlineData("0525:a4a", "'0525:a4a'")]
    [InlineData("0525:a4a5f", "'0525:a4a5f'")]
    [InlineData("052g:a4a5", "'052g:a4a5'")]
    [InlineData("0x05:0001", "'0x05:0001'")]
    [InlineData("-525:a4a5", "'-525:a4a5'")]
    [InlineData("1-1:1.0", "'1-1:1.0'")]
    [InlineData("lab1/", "'lab1/'")]
    [InlineData("/1-1", "'/1-1'")]
    [InlineData("la b/1-1", "'la b/1-1'")]
    [InlineData("lab1/1/1", "'lab1/1/1'")]
    [InlineData("..", "'..'")]
    [InlineData("serial=", "'serial='")]
    [InlineData("=x", "''")]
    [InlineData("colour=red", "'colour'")]
    [InlineData("class=disk", "'disk'")]
    [InlineData("class=8", "'8'")]
    [InlineData("class=008", "'008'")]
    public void A_malformed_text_is_named(string? text, string named)
    {
        Assert.False(Selector.TryParse(text, out _, out var problem));
        Assert.Contains(named, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_has_1024_characters_at_most()
    {
        Assert.True(Selector.TryParse("serial=" + new string('x', Selector.MaxLength - 7), out _, out _));
        Assert.False(Selector.TryParse("serial=" + new string('x', Selector.MaxLength - 6), out _, out var problem));
        Assert.Contains("1024", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_view_finds_every_device_that_is_meant_by_node_and_bus_id()
    {
        var view = Samples.View("lab1", Samples.Node("lab2", Samples.Entry("b"), Samples.Entry("c")), Samples.Node("lab1", Samples.Entry("a")));
        Assert.Equal(["lab1/a", "lab2/b", "lab2/c"], view.Find(Parse("product=*")).Select(device => device.FullName));
    }

    [Fact]
    public void The_view_finds_a_device_by_its_place()
    {
        var view = Samples.View("lab1", Samples.Node("lab1"), Samples.Node("lab2", Samples.Entry("b")));
        Assert.Equal("S-b", view.Find(NodeName.Parse("LAB2"), BusId.Parse("b"))?.Device.Serial);
        Assert.Null(view.Find(NodeName.Parse("lab1"), BusId.Parse("b")));
        Assert.Null(view.Find(NodeName.Parse("lab3"), BusId.Parse("b")));
    }

    private static bool Matches(string text, ClusterDevice device) => Parse(text).Matches(device, NodeName.Parse("self"));

    private static Selector Parse(string text)
    {
        Assert.True(Selector.TryParse(text, out var selector, out var problem), problem);
        return selector;
    }
}
