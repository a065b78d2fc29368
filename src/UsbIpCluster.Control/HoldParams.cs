using System.Text.Json.Serialization;

namespace UsbIpCluster.Control;

/// <summary>
/// Attaches devices here for as long as the process at the other end of this connection lives: all of them, or none. The daemon detaches
/// them when that process has ended, however it ended, and also when the daemon was restarted meanwhile. Where the daemon can't see the
/// process (it is in another pid namespace), they are attached for as long as the connection lasts.
/// Answered when all are usable and their nodes in /dev are there, as far as they came in some seconds.
/// </summary>
/// <param name="Selectors">Each one device.</param>
/// <param name="WaitSeconds">How long to wait for them; then <see cref="ControlError.TimedOut"/>, and nothing stays attached. 0 to a
/// week.</param>
/// <param name="WaitWhileBusy">Wait also for what is there and can't be had: held by somebody else, not exported, on a node that can't be
/// reached. Otherwise that is <see cref="ControlError.Unavailable"/> at once.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HoldParams(IReadOnlyList<string> Selectors, double WaitSeconds = 60, bool WaitWhileBusy = false) : IControlParams
{
    /// <summary>The most devices that are asked for together.</summary>
    public const int MostDevices = 32;

    /// <inheritdoc/>
    public string? FindProblem() => this switch
    {
        { Selectors.Count: 0 } => "selectors are empty",
        { Selectors.Count: > MostDevices } => $"more than {MostDevices} selectors",
        { WaitSeconds: not (>= 0 and <= AttachParams.LongestWait) } => $"waitSeconds is not between 0 and {AttachParams.LongestWait}",
        _ => Selectors.Any(string.IsNullOrEmpty) ? "a selector is empty" : null,
    };
}
