using System.Collections.Immutable;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>
/// The <c>descriptors</c> file of a device: its device descriptor, then every configuration as the device told it
/// (drivers/usb/core/sysfs.c, read_descriptors). Read as tolerantly as the kernel does: what is wrong is skipped or ends the list.
/// </summary>
internal static class RawDescriptors
{
    /// <summary>
    /// The interfaces of a configuration, each by its first alternate setting, in order; those of the first configuration when there
    /// is none of that value.
    /// </summary>
    /// <param name="descriptors">The file.</param>
    /// <param name="configurationValue">bConfigurationValue.</param>
    public static ImmutableArray<UsbClass> Interfaces(ReadOnlySpan<byte> descriptors, byte configurationValue)
    {
        ImmutableArray<UsbClass>? first = null;
        var rest = descriptors.Length < DeviceDescriptor.Size ? [] : descriptors[DeviceDescriptor.Size..];
        while (ConfigurationDescriptor.Read(rest) is { IsComplete: true, Value: var configuration })
        {
            var length = Math.Min(configuration.TotalLength, rest.Length);
            if (configuration.Value == configurationValue || first is null)
            {
                var interfaces = InterfacesOf(rest[..length]);
                if (configuration.Value == configurationValue)
                    return interfaces;
                first = interfaces;
            }

            rest = rest[length..];
        }

        return first ?? [];
    }

    private static ImmutableArray<UsbClass> InterfacesOf(ReadOnlySpan<byte> configuration)
    {
        var interfaces = new SortedDictionary<byte, UsbClass>();
        while (OtherDescriptor.Read(configuration) is { IsComplete: true, Consumed: var size })
        {
            if (InterfaceDescriptor.Read(configuration) is { IsComplete: true, Value: var setting })
                interfaces.TryAdd(setting.Number, setting.InterfaceClass);
            configuration = configuration[size..];
        }

        // bNumInterfaces is a byte, so the 256th can't be counted.
        return [.. interfaces.Values.Take(byte.MaxValue)];
    }
}
