using System.Text;
using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>
/// Where each port's device comes from: <c>portN</c> with the line <c>HOST SERVICE BUSID</c>, as the stock <c>usbip attach</c> leaves it for
/// <c>usbip port</c>. Source: record_connection in tools/usb/usbip/src/usbip_attach.c, read_record in libsrc/vhci_driver.c.
/// </summary>
internal sealed class PortRecords(string directory, Action<string> log)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const int MaxSize = 4096;

    /// <summary>What is written down of a port; null when nothing is, or nothing that can be read.</summary>
    public PortOrigin? Read(PortNumber port)
    {
        // The ordinary case, for each port of another program at each reading.
        if (!File.Exists(PathOf(port)))
            return null;
        try
        {
            using var stream = File.OpenRead(PathOf(port));
            var buffer = new byte[MaxSize];
            var length = stream.ReadAtLeast(buffer, MaxSize, throwOnEndOfStream: false);
            var words = Encoding.UTF8.GetString(buffer, 0, length).Split('\n')[0].Split(' ');
            return words is [{ Length: > 0 and <= Text.MaxLength } host, { Length: > 0 and <= Text.MaxLength } service, var name]
                && BusId.TryParse(name, out var busId)
                ? new PortOrigin(Text.Printable(host), Text.Printable(service), busId)
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Writes down where a port's device comes from. A failure is logged: the device works without it.</summary>
    public void Write(PortNumber port, PortOrigin origin)
    {
        if (origin.Host.Any(char.IsWhiteSpace) || origin.Service.Any(char.IsWhiteSpace))
        {
            log($"'usbip port' will not know where port {port} comes from: a blank in '{Text.Printable(origin.Host)}'");
            return;
        }

        try
        {
            Directory.CreateDirectory(directory, OwnerOnly);
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly };
            using var stream = new FileStream(PathOf(port), options);
            stream.Write(Encoding.UTF8.GetBytes($"{origin.Host} {origin.Service} {origin.BusId}\n"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log($"'usbip port' will not know where port {port} comes from: {exception.Message}");
        }
    }

    /// <summary>Forgets a port that is free again.</summary>
    public void Delete(PortNumber port)
    {
        try
        {
            File.Delete(PathOf(port));
        }
        catch (DirectoryNotFoundException)
        {
            // Nobody has ever written one.
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log($"the record of the free port {port} stays: {exception.Message}");
        }
    }

    private string PathOf(PortNumber port) => Path.Combine(directory, $"port{port.Number}");
}
