namespace UsbIpCluster.Cluster.Tests;

/// <summary>
/// How much of its processors this machine has had since a moment: where it is a guest itself, its host gives them to others, too (steal
/// time). What takes longer for that is not the product's.
/// </summary>
internal sealed class Processors
{
    private const double Least = 0.1;

    private readonly ProcessorTimes _then = ProcessorTimes.Read();

    /// <summary>How many times as long as on processors of its own everything has taken since then: from 1 to 10.</summary>
    public double Slowness
    {
        get
        {
            var spent = ProcessorTimes.Read() - _then;
            var wanted = spent.Work + spent.Stolen;
            return wanted == 0 ? 1 : 1 / Math.Max(Least, (double)spent.Work / wanted);
        }
    }
}
