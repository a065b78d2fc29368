namespace UsbIpCluster.Node;

/// <summary>
/// A message that goes from node to node. The set is closed: <see cref="NodeSerializer"/> has a manifest for each, and neither sends
/// nor accepts anything else. A sender is a claim that any member can make.
/// </summary>
internal interface INodeMessage;
