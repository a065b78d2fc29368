using UsbIpCluster.Devices;
using UsbIpCluster.Linux.Tests.Fakes;

namespace UsbIpCluster.Linux.Tests;

public sealed class AttributeWriterTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly NativeAttributeWriter _writer = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_existing_file_is_neither_truncated_nor_replaced()
    {
        var path = _folder.Combine("file");
        File.WriteAllText(path, "123456");
        Assert.Equal(0, _writer.Write(path, "9"u8));
        Assert.Equal("923456", File.ReadAllText(path));
    }

    [Fact]
    public void A_file_that_does_not_exist_is_not_made()
    {
        var path = _folder.Combine("absent");
        Assert.Equal(KernelError.NoEntry, _writer.Write(path, "1"u8));
        Assert.False(File.Exists(path));
    }

    [RootFact]
    public void The_errno_of_the_kernel_is_returned() =>
        Assert.Equal(KernelError.InvalidArgument, _writer.Write("/sys/class/mem/null/uevent", "no action"u8));

    /// <summary>The kernel takes every write for a whole command, so it would refuse one that came in pieces.</summary>
    [RootFact]
    public void A_command_that_the_kernel_takes_returns_0() =>
        Assert.Equal(0, _writer.Write("/sys/class/mem/null/uevent", "change"u8));

    [Theory]
    [InlineData(KernelError.NotPermitted, DeviceError.NoPermission)]
    [InlineData(KernelError.AccessDenied, DeviceError.NoPermission)]
    [InlineData(KernelError.ReadOnlyFileSystem, DeviceError.NoPermission)]
    [InlineData(KernelError.InvalidArgument, DeviceError.Refused)]
    public void An_errno_becomes_a_named_error(int errno, DeviceError expected) =>
        Assert.Equal(expected, KernelError.Of(errno, "writing").Error);

    [Fact]
    public void The_message_says_what_was_tried_and_what_the_system_said() =>
        Assert.Equal("binding 1-1: Device or resource busy (errno 16)", KernelError.Of(KernelError.Busy, "binding 1-1").Message);
}
