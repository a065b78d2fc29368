using UsbIpCluster.Devices;
using UsbIpCluster.Protocol;

namespace UsbIpCluster.Node;

/// <summary>The work of one device's driver, one thing at a time: whoever asks waits for the task before anything else is asked.</summary>
internal sealed class DeviceDriver(IDeviceExporter exporter, BusId busId)
{
    private readonly DriverNews _news = new();

    /// <summary>Whether the device was unbound here to be bound anew, and that failed: nobody else will bind it.</summary>
    public bool HasLetGo { get; private set; }

    /// <summary>Whether the device came to <paramref name="now"/> by somebody else (<see cref="DriverNews"/>).</summary>
    public bool IsNews(ExportStatus before, ExportStatus now)
    {
        var isNews = _news.IsNews(before, now);
        HasLetGo &= !isNews;
        return isNews;
    }

    /// <summary>Exports the device.</summary>
    /// <exception cref="DeviceException">It is not exported.</exception>
    public async Task BindAsync()
    {
        await exporter.BindAsync(busId, CancellationToken.None);
        _news.Did(ExportStatus.Available);
        HasLetGo = false;
    }

    /// <summary>Gives the device back to its own driver.</summary>
    /// <exception cref="DeviceException">It is as it was.</exception>
    public async Task UnbindAsync()
    {
        await exporter.UnbindAsync(busId, CancellationToken.None);
        _news.Did(ExportStatus.Unbound);
    }

    /// <summary>Binds what is bound already: a bind alone does nothing then, and so does not end an error.</summary>
    /// <exception cref="DeviceException">The device is as it was, or <see cref="HasLetGo"/>.</exception>
    public async Task RebindAsync()
    {
        await UnbindAsync();
        HasLetGo = true;
        await BindAsync();
    }

    /// <summary>Ends the session. A driver that does not let go of it is taken away from the device and given to it again.</summary>
    /// <exception cref="DeviceException">The device is as it was, or <see cref="HasLetGo"/>.</exception>
    public async Task FenceAsync()
    {
        try
        {
            await exporter.ReleaseAsync(busId, CancellationToken.None);
            _news.Did(ExportStatus.Available);
        }
        catch (DeviceException error) when (error.Error is DeviceError.TimedOut or DeviceError.Refused)
        {
            await RebindAsync();
        }
    }

    /// <summary>Gives the device to an importer.</summary>
    /// <exception cref="DeviceException">The importer has been told why not.</exception>
    public async Task ServeAsync(ImportRequest request)
    {
        await request.GiveToAsync(exporter, busId);
        _news.Did(ExportStatus.InUse);
    }
}
