namespace UsbIpCluster.Node;

/// <summary>An answer to an HTTP request.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Text">Its text.</param>
/// <param name="MediaType">What the text is.</param>
internal sealed record Page(int Status, string Text, string MediaType = "text/plain; charset=utf-8");

/// <summary>
/// What a node shows by HTTP: how it is, and never anything that could be told to do something. <c>/metrics</c> is for Prometheus,
/// <c>/healthz</c> says whether the daemon hangs, <c>/readyz</c> whether it does its work yet.
/// </summary>
/// <param name="node">How the node is.</param>
/// <param name="metrics">What Prometheus is told.</param>
/// <param name="controlSocket">Where commands are taken.</param>
internal sealed class Pages(NodeWatcher node, MetricsPage metrics, string controlSocket)
{
    /// <summary>How long the node's actors may take until they count as hung.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly Page NotFound = new(404, "there is /metrics, /healthz and /readyz\n");

    // Whose sessions are all adopted; actors that begin anew have to do it again.
    private volatile NodeLife? _adopted;

    /// <summary>The page at a path.</summary>
    public async Task<Page> GetAsync(string path) => path switch
    {
        "/metrics" => new Page(200, metrics.Write(await node.LookAsync(Patience)), Exposition.MediaType),
        "/healthz" => Health(await node.AnswersAsync(Patience)),
        "/readyz" => Readiness(await node.LookAsync(Patience)),
        _ => NotFound,
    };

    private static Page Health(bool answers) =>
        answers ? new Page(200, "ok\n") : new Page(503, $"this node's actors do not answer within {Patience.TotalSeconds} s\n");

    private Page Readiness(NodeLook? look)
    {
        if (look is null)
            return Health(answers: false);
        if (_adopted != look.Life && !look.Attachments.Attachments.Any(kept => kept.State == Control.AttachmentStates.Enumerating))
            _adopted = look.Life;
        string[] missing =
        [
            .. File.Exists(controlSocket) ? [] : (string[])[$"the control socket {controlSocket} is gone"],
            .. look.IsMember ? [] : (string[])["it is in no cluster yet"],
            .. _adopted == look.Life ? [] : (string[])["not all sessions are adopted yet"],
        ];
        return missing.Length == 0 ? new Page(200, "ready\n") : new Page(503, $"not ready: {string.Join("; ", missing)}\n");
    }
}
