using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Userspace;

/// <summary>Asks a device who it is and sets it going, as a host does with a device that was plugged in.</summary>
internal static class DeviceEnumeration
{
    private const byte ToHost = 0x80;
    private const byte ToDevice = 0x00;

    /// <summary>Device descriptor, configuration (its head, then the whole), strings, then SET_CONFIGURATION.</summary>
    /// <exception cref="DeviceException">UnexpectedFormat, Refused, PeerLost.</exception>
    public static async Task<SimulatedPort> EnumerateAsync(UrbClient client, CancellationToken cancellationToken)
    {
        var device = Check(
            "device descriptor", DeviceDescriptor.Read(await GetAsync(client, DescriptorType.Device, 0, DeviceDescriptor.Size, cancellationToken)));
        var head = Check(
            "configuration",
            ConfigurationDescriptor.Read(
                await GetAsync(client, DescriptorType.Configuration, 0, ConfigurationDescriptor.Size, cancellationToken)));
        var configuration = Check(
            "configuration",
            UsbConfiguration.Read(await GetAsync(client, DescriptorType.Configuration, 0, head.TotalLength, cancellationToken)));

        var manufacturer = await GetStringAsync(client, device.ManufacturerIndex, cancellationToken);
        var product = await GetStringAsync(client, device.ProductIndex, cancellationToken);
        var serial = await GetStringAsync(client, device.SerialNumberIndex, cancellationToken);

        var set = new SetupPacket(ToDevice, StandardRequest.SetConfiguration, configuration.Value, 0, 0);
        var result = await ControlAsync(client, set, default, cancellationToken);
        if (!result.IsOk)
            throw new DeviceException(DeviceError.Refused, $"the device refused configuration {configuration.Value} (status {result.Status})");
        return new SimulatedPort(client, device, configuration, manufacturer, product, serial);
    }

    public static Task<UrbCompletion> ControlAsync(
        UrbClient client, SetupPacket setup, ReadOnlyMemory<byte> data, CancellationToken cancellationToken) => setup.IsIn
        ? client.SubmitAsync(UrbDirection.In, 0, setup, setup.Length, default, cancellationToken)
        : client.SubmitAsync(UrbDirection.Out, 0, setup, data.Length, data, cancellationToken);

    private static async Task<byte[]> GetAsync(
        UrbClient client, DescriptorType type, byte index, ushort length, CancellationToken cancellationToken)
    {
        var result = await RequestAsync(client, type, index, 0, length, cancellationToken);
        return result.IsOk
            ? result.Data.ToArray()
            : throw new DeviceException(DeviceError.Refused, $"the device refused its {type} descriptor (status {result.Status})");
    }

    /// <summary>A string that the device refuses or garbles is none: Linux takes such devices as well.</summary>
    private static async Task<string?> GetStringAsync(UrbClient client, byte index, CancellationToken cancellationToken)
    {
        if (index == 0)
            return null;
        var result = await RequestAsync(
            client, DescriptorType.String, index, StringDescriptor.EnglishUnitedStates, byte.MaxValue, cancellationToken);
        var text = StringDescriptor.Read(result.Data.Span);
        return result.IsOk && text.IsComplete ? text.Value : null;
    }

    private static Task<UrbCompletion> RequestAsync(
        UrbClient client, DescriptorType type, byte index, ushort language, ushort length, CancellationToken cancellationToken) =>
        ControlAsync(
            client,
            new SetupPacket(ToHost, StandardRequest.GetDescriptor, (ushort)(((int)type << 8) | index), language, length),
            default,
            cancellationToken);

    private static T Check<T>(string what, ReadResult<T> result) => result.IsComplete
        ? result.Value
        : throw new DeviceException(
            DeviceError.UnexpectedFormat, $"the device's {what} is malformed: {result.Reason ?? $"{result.Missing} bytes are missing"}");
}
