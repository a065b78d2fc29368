using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;

namespace UsbIpCluster.Cli;

/// <summary>What is asked most: the devices, what is attached here, the nodes. Nothing here needs the parser of command lines.</summary>
internal static class Listings
{
    /// <summary>What <c>port</c> says when there is nothing, and others that end with nothing to show.</summary>
    public const string NothingAttached = "nothing is attached; see what could be: usbipc list";

    private const string Daemon = "the daemon";

    /// <summary>The listing that a command's name alone asks for; null when it asks for none.</summary>
    public static Func<Session, Task>? Find(string name) => name switch
    {
        "list" => session => DevicesAsync(session, new ListParams()),
        "port" => AttachmentsAsync,
        "nodes" => NodesAsync,
        _ => null,
    };

    /// <summary>The devices.</summary>
    public static Task DevicesAsync(Session session, ListParams request)
    {
        var whom = request.Remote ?? Daemon;
        return session.Json
            ? WriteAsync(
                session,
                whom,
                (client, cancelled) => client.ListAsync(request, cancelled),
                (rows, writer) => JsonOutput.WriteRows(writer, rows, ControlJson.Default.DeviceRow))
            : session.ShowTableAsync(whom, (client, form, cancelled) => client.ListAsync(request, form, cancelled), NothingFound(request));
    }

    /// <summary>What is attached to this host.</summary>
    public static Task AttachmentsAsync(Session session) => session.Json
        ? WriteAsync(
            session,
            Daemon,
            (client, cancelled) => client.PortAsync(new PortParams(), cancelled),
            (rows, writer) => JsonOutput.WriteRows(writer, rows, ControlJson.Default.PortRow))
        : session.ShowTableAsync(Daemon, (client, form, cancelled) => client.PortAsync(form, cancelled), NothingAttached);

    /// <summary>The nodes of the cluster.</summary>
    public static Task NodesAsync(Session session) => session.Json
        ? WriteAsync(
            session,
            Daemon,
            (client, cancelled) => client.NodesAsync(new NodesParams(), cancelled),
            (rows, writer) => JsonOutput.WriteRows(writer, rows, ControlJson.Default.NodeRow))
        : session.ShowTableAsync(
            Daemon, (client, form, cancelled) => client.NodesAsync(form, cancelled), "no nodes, not even this one: the daemon is still starting");

    private static async Task WriteAsync<T>(
        Session session, string whom, Func<ControlClient, CancellationToken, Task<T>> ask, Action<T, TextWriter> write) =>
        write(await session.AskAsync(whom, ask), session.Surroundings.Out);

    private static string NothingFound(ListParams request) => request switch
    {
        { Remote: { } remote } => $"{remote} exports no devices",
        { Selector: { } selector } => $"no device matches {selector}; see all: usbipc list",
        { Local: true } => "no devices on this node; plug one in",
        _ => "no devices; plug one in, or see which hosts are up: usbipc nodes",
    };
}
