using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Output;

/// <summary>Errors on standard error: one line of what, one of what to do; for programs one object.</summary>
internal static class ErrorOutput
{
    /// <summary>Writes the error.</summary>
    public static void Write(Surroundings surroundings, ControlException error, bool json, bool verbose)
    {
        if (json)
        {
            JsonOutput.WriteError(surroundings.Error, error);
            return;
        }

        surroundings.Error.WriteLine($"usbipc: {SafeText.Of(error.Message)}");
        foreach (var candidate in error.Candidates)
            surroundings.Error.WriteLine($"  {SafeText.Of(candidate)}");
        if (error.Hint is { } hint)
            surroundings.Error.WriteLine(SafeText.Of(hint));
        for (var cause = error.InnerException; verbose && cause is not null; cause = cause.InnerException)
            surroundings.Error.WriteLine($"  because: {SafeText.Of(cause.Message)} ({cause.GetType().Name})");
    }
}
