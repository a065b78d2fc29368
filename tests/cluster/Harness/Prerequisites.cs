namespace UsbIpCluster.Cluster.Tests;

/// <summary>What these tests need of the machine. Without it they fail, and say what to do.</summary>
internal static class Prerequisites
{
    /// <summary>Checks all of it.</summary>
    /// <exception cref="InvalidOperationException">Something is missing; the message says how to get it.</exception>
    public static void Check()
    {
        if (!Environment.IsPrivilegedProcess)
            throw new InvalidOperationException("the cluster tests make network namespaces: run them as root");
        Require("ip", "iproute2");
        Require("setpriv", "util-linux");
        Require("setsid", "util-linux");
    }

    /// <summary>Checks that a program is there.</summary>
    /// <exception cref="InvalidOperationException">It is missing; the message says how to get it.</exception>
    public static void Require(string program, string package)
    {
        var folders = Environment.GetEnvironmentVariable("PATH")?.Split(':') ?? [];
        if (!folders.Any(folder => File.Exists(Path.Combine(folder, program))))
            throw new InvalidOperationException($"the cluster tests need the program '{program}': apt-get install {package}");
    }
}
