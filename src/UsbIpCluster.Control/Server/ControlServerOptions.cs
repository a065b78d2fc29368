namespace UsbIpCluster.Control;

/// <summary>Where a control server listens, and its limits.</summary>
public sealed record ControlServerOptions
{
    /// <summary>The socket's path, at most 107 bytes. Beside it lies a lock file, <c>PATH.lock</c>.</summary>
    public required string Path { get; init; }

    /// <summary>The group that the socket is given to, where that group exists.</summary>
    public string Group { get; init; } = ControlSocket.Group;

    /// <summary>How many connections there may be at once.</summary>
    public int MaxConnections { get; init; } = 64;

    /// <summary>How many requests of one connection are worked on at once; further ones wait unread.</summary>
    public int MaxRequests { get; init; } = 16;

    /// <summary>The longest request, in bytes.</summary>
    public int LongestRequest { get; init; } = 64 * 1024;

    /// <summary>The longest answer, in bytes.</summary>
    public int LongestAnswer { get; init; } = ControlSocket.LongestAnswer;

    /// <summary>How many events wait for a client that follows; one that is behind by more is disconnected.</summary>
    public int MaxEventsBehind { get; init; } = 1024;

    /// <summary>How long a request may take from its first byte to its last; the client is closed within 5 s in any case.</summary>
    public TimeSpan ReadPatience { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long a client may take to make room for one message.</summary>
    public TimeSpan WritePatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The clock that the ages in tables are told by.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Told what its log should know: a line, and the exception behind it.</summary>
    public Action<string, Exception?> Report { get; init; } = (_, _) => { };
}
