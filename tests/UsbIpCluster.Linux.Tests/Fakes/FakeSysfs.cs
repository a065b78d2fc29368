using System.Text;

namespace UsbIpCluster.Linux.Tests.Fakes;

/// <summary>A tree of plain files, directories and links as the kernel shows them, below a temporary root.</summary>
public sealed class FakeSysfs : IDisposable
{
    public const string Devices = "/sys/bus/usb/devices";
    public const string Drivers = "/sys/bus/usb/drivers";
    public const string Vhci = "/sys/devices/platform/vhci_hcd.0";

    private readonly TempFolder _root = new();

    public FakeSysfs()
    {
        CreateDirectory(Devices);
        CreateDirectory($"{Drivers}/usb");
        Write($"{Drivers}/usb/unbind", "");
        Write("/sys/bus/usb/drivers_probe", "");
    }

    public string Root => _root.Path;

    public static string DevPathOf(FakeDevice device) => $"/devices/{device.Bus}/{device.BusId}";

    /// <summary>Loads usbip-host.</summary>
    public void AddUsbIpHost()
    {
        foreach (var file in (string[])["match_busid", "bind", "unbind", "rebind"])
            Write($"{Drivers}/usbip-host/{file}", "");
    }

    /// <summary>A device as it stands after enumeration, with the <c>usb</c> driver and its first configuration.</summary>
    public void Plug(FakeDevice device)
    {
        var path = "/sys" + DevPathOf(device);
        Attribute("busnum", device.Busnum.ToString());
        Attribute("devnum", device.Devnum.ToString());
        Attribute("speed", device.Speed);
        Attribute("idVendor", device.VendorId);
        Attribute("idProduct", device.ProductId);
        Attribute("bcdDevice", "0404");
        Attribute("bDeviceClass", device.Class);
        Attribute("bDeviceSubClass", "00");
        Attribute("bDeviceProtocol", "00");
        Attribute("bNumConfigurations", "1");
        Attribute("serial", device.Serial);
        Attribute("manufacturer", device.Manufacturer);
        Attribute("product", device.Product);
        WriteBytes($"{path}/descriptors", device.Descriptors);
        CreateDirectory($"{path}/ep_00");
        Configure(device);
        Link($"{path}/driver", $"{Drivers}/usb");
        Link($"{Devices}/{device.BusId}", path);

        void Attribute(string name, string? value)
        {
            if (value is not null)
                Write($"{path}/{name}", value + "\n");
        }
    }

    public void Unplug(FakeDevice device)
    {
        File.Delete(Below($"{Devices}/{device.BusId}"));
        Directory.Delete(Below("/sys" + DevPathOf(device)), recursive: true);
    }

    /// <summary>Makes the interfaces of configuration 1.</summary>
    public void Configure(FakeDevice device)
    {
        for (var i = 0; i < device.Interfaces.Count; i++)
            CreateDirectory($"/sys{DevPathOf(device)}/{device.BusId}:1.{i}");
    }

    /// <summary>Takes the interfaces away, as without a configuration or during a reset.</summary>
    public void Unconfigure(FakeDevice device)
    {
        for (var i = 0; i < device.Interfaces.Count; i++)
            Directory.Delete(Below($"/sys{DevPathOf(device)}/{device.BusId}:1.{i}"), recursive: true);
    }

    /// <summary>Gives the device to a driver, or to none.</summary>
    public void SetDriver(FakeDevice device, string? driver)
    {
        var path = $"/sys{DevPathOf(device)}";
        File.Delete(Below($"{path}/driver"));
        if (driver is not null)
            Link($"{path}/driver", $"{Drivers}/{driver}");
        if (driver == "usbip-host")
        {
            Write($"{path}/usbip_status", "1\n");
            Write($"{path}/usbip_sockfd", "");
        }
        else
        {
            File.Delete(Below($"{path}/usbip_status"));
            File.Delete(Below($"{path}/usbip_sockfd"));
        }
    }

    /// <summary>A block device below another one or below an interface, and the links that lead to it.</summary>
    /// <param name="path">Its directory.</param>
    /// <param name="number">Major and minor.</param>
    public void AddBlock(string path, string number)
    {
        CreateDirectory(path);
        Link($"/sys/dev/block/{number}", path);
        Link($"/sys/class/block/{Path.GetFileName(path)}", path);
    }

    /// <summary>Takes a block device and its links away.</summary>
    public void RemoveBlock(string path, string number)
    {
        DeleteDirectory(path);
        Delete($"/sys/dev/block/{number}");
        Delete($"/sys/class/block/{Path.GetFileName(path)}");
    }

    /// <summary>Says what is mounted where.</summary>
    /// <param name="mounts">Each <c>MAJ:MIN MOUNTPOINT SOURCE</c>.</param>
    public void Mount(params string[] mounts) => Write("/proc/self/mountinfo", string.Concat(mounts
        .Select(mount => mount.Split(' '))
        .Select((fields, i) => $"{i + 20} 1 {fields[0]} / {fields[1]} rw,relatime shared:{i} master:1 - ext4 {fields[2]} rw\n")));

    public void Write(string path, string text) => WriteBytes(path, Encoding.UTF8.GetBytes(text));

    public string Read(string path) => File.ReadAllText(Below(path));

    public bool Exists(string path) => Path.Exists(Below(path));

    public void Delete(string path) => File.Delete(Below(path));

    public void DeleteDirectory(string path) => Directory.Delete(Below(path), recursive: true);

    public void CreateDirectory(string path) => Directory.CreateDirectory(Below(path));

    /// <summary>A path of the kernel below the root.</summary>
    public string Below(string path) => _root.Path + path;

    /// <summary>A relative link, as all of the kernel's are.</summary>
    public void Link(string path, string target)
    {
        CreateDirectory(Path.GetDirectoryName(path)!);
        var relative = Path.GetRelativePath(Path.GetDirectoryName(path)!, target);
        File.CreateSymbolicLink(Below(path), relative);
    }

    public void Dispose() => _root.Dispose();

    private void WriteBytes(string path, byte[] bytes)
    {
        // Replaced as a whole, as a reader of the kernel's files never sees half of one.
        Directory.CreateDirectory(Path.GetDirectoryName(Below(path))!);
        File.WriteAllBytes(Below(path) + ".new", bytes);
        File.Move(Below(path) + ".new", Below(path), overwrite: true);
    }
}
