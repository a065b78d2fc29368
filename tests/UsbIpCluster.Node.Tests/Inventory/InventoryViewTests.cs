namespace UsbIpCluster.Node.Tests;

public sealed class InventoryViewTests
{
    private const string There = "akka.tcp://usbipcluster@192.0.2.2:7240";

    private static readonly InventoryView View = InventoryView.Of(Samples.Node("lab1") with { Address = "akka.tcp://usbipcluster@192.0.2.1:7240" });

    [Fact]
    public void A_name_belongs_to_the_address_that_the_inventory_has_it_at()
    {
        var lab2 = Samples.Node("lab2") with { Address = There };
        var view = View with { Nodes = View.Nodes.Add(lab2.Node, new ClusterNode(lab2, Reachable: true)) };

        Assert.True(view.IsAt(lab2.Node, There));
        Assert.False(view.IsAt(lab2.Node, "akka.tcp://usbipcluster@192.0.2.3:7240"));
        Assert.False(view.IsAt(view.Self, There));
    }

    [Fact]
    public void Of_a_name_that_is_not_in_the_inventory_nothing_is_known() => Assert.Null(View.IsAt(Samples.Lab2, There));
}
