namespace UsbIpCluster.Node;

/// <summary>The configuration is wrong. The message names the source, the key and what is allowed there.</summary>
internal sealed class ConfigurationException(string message, Exception? innerException = null) : Exception(message, innerException);
