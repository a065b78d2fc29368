using System.Text;
using UsbIpCluster.Linux.Tests.Fakes;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

public sealed class HardwareNamesTests : IDisposable
{
    private const string Database = """
        # A comment
        #	0001  no product
        0001  Fry's Electronics
        	142b  Arbiter Systems, Inc.
        046d  Logitech, Inc.
        	c31c  Keyboard K120
        		01  an interface that is nobody's product
        	C52B  Unifying Receiver

        # The next one comes again below
        0525  Netchip Technology, Inc.
        	a4a5  Pocketbook Pro 903 / Mobius Actions
        C 03  Human Interface Device
        	01  Boot Interface Subclass
        0526  After the classes
        """;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0x046d, 0xc31c, "Logitech, Inc.", "Keyboard K120")]
    [InlineData(0x046d, 0xc52b, "Logitech, Inc.", "Unifying Receiver")]
    [InlineData(0x0525, 0xa4a5, "Netchip Technology, Inc.", "Pocketbook Pro 903 / Mobius Actions")]
    [InlineData(0x046d, 0x0001, "Logitech, Inc.", null)]
    [InlineData(0x0001, 0xc31c, "Fry's Electronics", null)]
    [InlineData(0x0526, 0x0001, "After the classes", null)]
    [InlineData(0x0003, 0x0001, null, null)]
    [InlineData(0xffff, 0xffff, null, null)]
    public void A_product_is_found_below_its_vendor(int vendor, int product, string? vendorName, string? productName) =>
        Assert.Equal((vendorName, productName), Names(Database).Find((ushort)vendor, (ushort)product));

    [Fact]
    public void The_first_file_that_there_is_counts()
    {
        var (first, second) = (Write("first", "0525  First\n"), Write("second", "0525  Second\n"));
        Assert.Equal("First", new HardwareNames([_folder.Combine("none"), first, second]).Find(0x0525, 1).Vendor);
    }

    [Fact]
    public void Without_a_file_nothing_has_a_name()
    {
        Assert.Equal(default, new HardwareNames([]).Find(0x0525, 0xa4a5));
        Assert.Equal(default, new HardwareNames([_folder.Path, _folder.Combine("none"), _folder.Combine("none/none")]).Find(0x0525, 0xa4a5));
    }

    [Fact]
    public void Bytes_that_are_not_UTF_8_are_taken_for_Latin_1_and_none_can_steer_a_terminal()
    {
        byte[] bytes = [.. "0525  Caf"u8, 0xe9, .. " \u001b[2J\u009b1m\u202e\r\n"u8, .. "\ta4a5  Caf\u00e9 \u6f22\n"u8, .. "\t0001  \n"u8];
        var file = _folder.Combine("bytes");
        File.WriteAllBytes(file, bytes);
        var names = new HardwareNames([file]);
        Assert.Equal(default, new HardwareNames([file]).Find(0x0526, 1));
        var (vendor, product) = names.Find(0x0525, 0xa4a5);
        Assert.StartsWith("Caf\u00e9 ?[2J", vendor);
        Assert.DoesNotContain(vendor!, char.IsControl);
        Assert.Equal("Caf\u00e9 \u6f22", product);
        Assert.Null(names.Find(0x0525, 0x0001).Product);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n\n")]
    [InlineData("0525")]
    [InlineData("0525  ")]
    [InlineData("052  x\n05255  x\n+525  x\n 525  x\n0525 x\n\ta4a5  x")]
    [InlineData("\ta4a5  a product without a vendor\n")]
    public void What_is_no_line_of_it_names_nothing(string text) => Assert.Equal(default, Names(text).Find(0x0525, 0xa4a5));

    [Fact]
    public void A_last_line_needs_no_end() => Assert.Equal("x", Names("0525  x\n\ta4a5  x").Find(0x0525, 0xa4a5).Product);

    [Fact]
    public void Lines_longer_than_a_block_are_passed_over_wherever_blocks_end()
    {
        foreach (var length in (int[])[32 * 1024 - 1, 32 * 1024, 32 * 1024 + 1, 100_000])
        {
            var text = new StringBuilder("# ").Append('x', length).Append("\n0525  Vendor\n\t0001  ").Append('y', length).Append("\n\ta4a5  Product\n");
            Assert.Equal(("Vendor", "Product"), Names(text.ToString()).Find(0x0525, 0xa4a5));
        }
    }

    [Fact]
    public void Names_are_bounded() => Assert.Equal(255, Names("0525  " + new string('x', 5000)).Find(0x0525, 1).Vendor!.Length);

    [Fact]
    public void A_file_without_end_is_read_up_to_a_bound()
    {
        var file = _folder.Combine("huge");
        using (var stream = new FileStream(file, FileMode.Create))
        {
            stream.SetLength(64L * 1024 * 1024 * 1024);
            stream.Seek(0, SeekOrigin.End);
            stream.Write("\n0525  Vendor\n"u8);
        }

        Assert.Equal(default, new HardwareNames([file]).Find(0x0525, 0xa4a5));
    }

    [Fact]
    public void Twenty_thousand_lines_are_searched_to_the_last()
    {
        var text = new StringBuilder();
        for (var vendor = 0; vendor < 2000; vendor++)
        {
            text.Append($"{vendor:x4}  Vendor {vendor}\n");
            for (var product = 0; product < 9; product++)
                text.Append($"\t{product:x4}  Product {product} of {vendor}\n");
        }

        Assert.Equal(("Vendor 1999", "Product 8 of 1999"), Names(text.ToString()).Find(1999, 8));
    }

    [Fact]
    public void A_device_of_this_host_keeps_its_own_names_and_gets_those_that_it_has_not()
    {
        using var sysfs = new FakeSysfs();
        sysfs.Plug(new FakeDevice("1-1", 7) { Manufacturer = null, Product = null });
        sysfs.Plug(new FakeDevice("1-2", 8) { Manufacturer = "Own", Product = null });
        sysfs.Plug(new FakeDevice("1-3", 9));
        var devices = new SysfsDevices(new Sysfs(sysfs.Root), Names(Database));
        Assert.Equal(("Netchip Technology, Inc.", "Pocketbook Pro 903 / Mobius Actions"), NamesOf("1-1"));
        Assert.Equal(("Own", "Pocketbook Pro 903 / Mobius Actions"), NamesOf("1-2"));
        Assert.Equal(("Linux", "File-backed storage"), NamesOf("1-3"));

        (string?, string?) NamesOf(string busId) =>
            devices.Read(BusId.Parse(busId), previous: null)!.Device is var device ? (device.Manufacturer, device.Product) : default;
    }

    private HardwareNames Names(string text) => new([Write("usb.ids", text)]);

    private string Write(string name, string text)
    {
        var file = _folder.Combine(name);
        File.WriteAllText(file, text);
        return file;
    }
}
