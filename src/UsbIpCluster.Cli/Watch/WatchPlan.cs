namespace UsbIpCluster.Cli.Watch;

/// <summary>
/// How many lines each part of the screen has, headings included; 0 for what has no room, or nothing to show. The devices have what the
/// others leave, and on a low terminal all of it.
/// </summary>
/// <param name="Nodes">The nodes.</param>
/// <param name="Devices">The devices; at least one line where there are two.</param>
/// <param name="Ports">What is attached here.</param>
/// <param name="Events">The last events.</param>
/// <param name="Keys">Which keys there are: one line.</param>
internal readonly record struct WatchPlan(int Nodes, int Devices, int Ports, int Events, int Keys)
{
    // A heading and three rows.
    private const int LeastOfDevices = 4;

    /// <summary>Plans a screen of so many lines, the first of which is the title.</summary>
    public static WatchPlan Of(WatchState state, int height)
    {
        var keys = height > 2 ? 1 : 0;
        var left = height - 1 - keys;
        var ports = Take(state.Rows.Ports.Count, height / 4);
        var nodes = Take(state.Rows.Nodes.Count, height / 5);
        var events = Take(state.Events.Count, height / 5);
        return new WatchPlan(nodes, Math.Max(0, left), ports, events, keys);

        int Take(int rows, int most)
        {
            var lines = 1 + Math.Min(rows, most - 1);
            if (rows == 0 || lines < 2 || left - lines < LeastOfDevices)
                return 0;
            left -= lines;
            return lines;
        }
    }
}
