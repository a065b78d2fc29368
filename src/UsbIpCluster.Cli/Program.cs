using System.Runtime.InteropServices;
using UsbIpCluster.Cli;

// Ctrl-C ends the run in order: its line of progress goes, and the daemon sees the connection close.
using var cancelled = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
{
    context.Cancel = true;
    cancelled.Cancel();
});

// Blocking here costs nothing, and one asynchronous frame less to prepare at every start.
return CommandLine.RunAsync(args, Surroundings.OfProcess(), cancelled.Token).GetAwaiter().GetResult();
