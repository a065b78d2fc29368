using UsbIpCluster.Node;

return await CommandLine.RunAsync(args);
