using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli;

/// <summary>What is asked most: the devices, what is attached here, the nodes. Nothing here needs the parser of command lines.</summary>
internal static class Listings
{
    /// <summary>What <c>port</c> says when there is nothing, and others that end with nothing to show.</summary>
    public const string NothingAttached = "nothing is attached; see what could be: usbipc list";

    /// <summary>The listing that a command's name alone asks for; null when it asks for none.</summary>
    public static Func<Session, Task>? Find(string name) => name switch
    {
        "list" => session => DevicesAsync(session, new ListParams()),
        "port" => AttachmentsAsync,
        "nodes" => NodesAsync,
        _ => null,
    };

    /// <summary>The devices.</summary>
    public static Task DevicesAsync(Session session, ListParams request) =>
        ShowAsync(session, request, NothingFound(request), request.Remote ?? "the daemon");

    /// <summary>What is attached to this host.</summary>
    public static Task AttachmentsAsync(Session session) => ShowAsync(session, new PortParams(), NothingAttached);

    /// <summary>The nodes of the cluster.</summary>
    public static Task NodesAsync(Session session) =>
        ShowAsync(session, new NodesParams(), "no nodes, not even this one: the daemon is still starting");

    private static Task ShowAsync(Session session, ITableParams request, string whenEmpty, string waitingFor = "the daemon") =>
        session.Json ? WriteJsonAsync(session, request, waitingFor) : WriteTableAsync(session, request, whenEmpty, waitingFor);

    private static async Task WriteTableAsync(Session session, ITableParams request, string whenEmpty, string waitingFor)
    {
        var form = session.Surroundings.TableForm(session.Verbose);
        var table = await session.AskAsync(waitingFor, (client, cancelled) => client.TableAsync(request, form, cancelled));
        if (table.Text.Length == 0)
            session.Remark(whenEmpty);
        session.Surroundings.Out.Write(table.Text);
        session.Surroundings.RemarkLeftOut(table.LeftOut);
    }

    private static async Task WriteJsonAsync(Session session, ITableParams request, string waitingFor) =>
        JsonOutput.WriteRows(
            session.Surroundings.Out, await session.AskAsync(waitingFor, (client, cancelled) => client.JsonAsync(request, cancelled)));

    private static string NothingFound(ListParams request) => request switch
    {
        { Remote: { } remote } => $"{remote} exports no devices",
        { Selector: { } selector } => $"no device matches {selector}; see all: usbipc list",
        { Local: true } => "no devices on this node; plug one in",
        _ => "no devices; plug one in, or see which hosts are up: usbipc nodes",
    };
}
