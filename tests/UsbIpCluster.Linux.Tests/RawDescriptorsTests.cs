using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

public sealed class RawDescriptorsTests
{
    private static readonly UsbClass Disk = new(8, 6, 0x50);
    private static readonly UsbClass Keyboard = new(3, 1, 1);
    private static readonly UsbClass Serial = new(2, 2, 1);

    [Fact]
    public void The_interfaces_of_the_chosen_configuration_are_told() =>
        Assert.Equal([Keyboard, Serial], Interfaces(File(Configuration(1, Disk), Configuration(2, Keyboard, Serial)), 2));

    [Fact]
    public void Without_a_configuration_those_of_the_first_are_told() =>
        Assert.Equal([Disk], Interfaces(File(Configuration(1, Disk), Configuration(2, Keyboard)), 0));

    [Fact]
    public void An_alternate_setting_is_no_further_interface()
    {
        var configuration = new UsbConfiguration(1, 0, 0x80, 1, [], [Setting(1, 0, Serial), Setting(0, 0, Disk), Setting(1, 1, Keyboard)]);
        Assert.Equal([Disk, Serial], Interfaces(File(configuration.Encode()), 1));
    }

    [Fact]
    public void A_device_descriptor_alone_has_none() => Assert.Empty(Interfaces(File(), 1));

    [Fact]
    public void What_is_behind_a_descriptor_without_length_is_not_read()
    {
        var bytes = File(Configuration(1, Disk, Keyboard));
        bytes[DeviceDescriptor.Size + ConfigurationDescriptor.Size + InterfaceDescriptor.Size] = 0;
        Assert.Equal([Disk], Interfaces(bytes, 1));
    }

    [Fact]
    public void A_file_that_is_cut_off_tells_what_is_there()
    {
        var bytes = File(Configuration(1, Disk, Keyboard));
        Assert.Equal([Disk], Interfaces(bytes.AsSpan(0, bytes.Length - 1), 1));
    }

    [Fact]
    public void Random_changes_never_throw_and_never_exceed_a_byte()
    {
        var random = new Random(7);
        var original = File(Configuration(1, Disk, Keyboard, Serial), Configuration(2, Keyboard));
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = (byte[])original.Clone();
            for (var change = random.Next(1, 8); change > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            Assert.InRange(Interfaces(bytes.AsSpan(0, random.Next(bytes.Length)), (byte)random.Next(3)).Length, 0, 255);
        }
    }

    private static UsbClass[] Interfaces(ReadOnlySpan<byte> file, byte configuration) => [.. RawDescriptors.Interfaces(file, configuration)];

    private static byte[] File(params IEnumerable<byte[]> configurations)
    {
        var device = new byte[DeviceDescriptor.Size];
        new DeviceDescriptor(0x0200, default, 64, 1, 2, 3, 0, 0, 0, 1).Write(device);
        return [.. device, .. configurations.SelectMany(bytes => bytes)];
    }

    private static byte[] Configuration(byte value, params IEnumerable<UsbClass> interfaces) =>
        new UsbConfiguration(value, 0, 0x80, 1, [], [.. interfaces.Select((usbClass, i) => Setting((byte)i, 0, usbClass))]).Encode();

    private static UsbInterface Setting(byte number, byte alternate, UsbClass usbClass) => new(number, alternate, usbClass, 0, [], []);
}
