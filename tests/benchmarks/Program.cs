namespace UsbIpCluster.Benchmarks;

/// <summary>The benchmarks; and, started by them, the processes that the product is compared with.</summary>
internal static class Program
{
    private static int Main(string[] arguments) => arguments switch
    {
        [EmptyProcess.Role] => EmptyProcess.Run(),
        [EchoServer.Role, .. var files] => EchoServer.RunAsync(files).GetAwaiter().GetResult(),
        _ => Suite.RunAsync(arguments).GetAwaiter().GetResult(),
    };
}
