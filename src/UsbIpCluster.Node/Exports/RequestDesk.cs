using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using UsbIpCluster.Linux;

namespace UsbIpCluster.Node;

/// <summary>A connection whose request has been read. It has its place until it is answered.</summary>
/// <param name="Connection">Blocking, and nobody else's now: the desk neither reads nor closes it any more.</param>
/// <param name="Peer">Who asks.</param>
/// <param name="Request">What for: a list or an import.</param>
/// <param name="Leave">Gives its place back; from any thread, once.</param>
internal sealed record Visit(Socket Connection, IPEndPoint Peer, UsbIpRequest Request, Action Leave);

/// <summary>Whom the desk tells; always on its thread, which waits meanwhile.</summary>
internal interface IDeskOwner
{
    /// <summary>Somebody has said what he wants.</summary>
    void Serve(Visit visit);

    /// <summary>Somebody was closed before that.</summary>
    void TurnedAway(IPAddress address, string why);

    /// <summary>The port takes no connections for now.</summary>
    void AcceptFailed(SocketException error);

    /// <summary>The desk has ended, and nobody told it to.</summary>
    void Failed(Exception error);
}

/// <summary>
/// One thread that accepts on the USB/IP port, and reads one request of each connection. It alone has the connections until their request is
/// complete: nothing is closed while somebody else reads it, and what was given on can't be closed by mistake. A silent client costs a
/// descriptor until its time is over, and no thread; a flood of connections stays here, and is no flood of messages to the actors.
/// </summary>
internal sealed class RequestDesk : IDisposable
{
    // With so many connections accepted in a row, those that wait are looked at again.
    private const int AcceptedAtOnce = 16;

    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly Socket _listener;
    private readonly IDeskOwner _owner;
    private readonly Admission _admission;
    private readonly SocketPoll _poll = new();
    private readonly ConcurrentQueue<Admission.Place> _left = new();
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Thread _thread;

    // In the order in which they came, and so in that of their deadlines.
    private readonly List<Caller> _callers = [];
    private readonly List<Socket> _watched = [];
    private ListenerLimits _limits;
    private volatile ListenerLimits _newLimits;
    private TimeSpan? _pausedUntil;
    private volatile bool _stopping;

    /// <summary>Starts the thread.</summary>
    /// <param name="listener">Bound, listening and blocking; stays the caller's. No other desk may be at it: both would take what one saw.</param>
    /// <param name="limits">What strangers can cost.</param>
    /// <param name="owner">Who is told.</param>
    public RequestDesk(Socket listener, ListenerLimits limits, IDeskOwner owner)
    {
        _listener = listener;
        _limits = _newLimits = limits;
        _owner = owner;
        _admission = new Admission(limits);
        _thread = new Thread(Run) { IsBackground = true, Name = "usbip-listener" };
        _thread.Start();
    }

    private TimeSpan Now => Stopwatch.GetElapsedTime(_start);

    /// <summary>These limits hold for the connections that come from now on.</summary>
    public void Take(ListenerLimits limits) => _newLimits = limits;

    /// <summary>Ends the thread, and closes the connections whose request it has not read. What was given on is not touched.</summary>
    public void Dispose()
    {
        _stopping = true;
        _poll.Ring();
        _thread.Join();
        _poll.Dispose();
    }

    private void Run()
    {
        try
        {
            while (!_stopping)
            {
                Wait();
                TakeLimits();
                while (_left.TryDequeue(out var place))
                    _admission.Leave(place);
                ReadRequests();
                CloseTheLate();
                if (_pausedUntil is null)
                    Accept();
            }
        }
        catch (Exception error)
        {
            _owner.Failed(error);
        }
        finally
        {
            foreach (var caller in _callers)
                caller.Connection.Dispose();
        }
    }

    private void Wait()
    {
        if (_pausedUntil <= Now)
            _pausedUntil = null;
        _watched.Clear();
        _watched.AddRange(_callers.Select(caller => caller.Connection));
        if (_pausedUntil is null)
            _watched.Add(_listener);
        TimeSpan? until = _callers.Count > 0 ? _callers[0].Until : null;
        if (_pausedUntil < until || until is null)
            until = _pausedUntil ?? until;
        _poll.Wait(_watched, until - Now);
    }

    // Whoever came before has no longer than who comes now: so the callers stay in the order of their deadlines.
    private void TakeLimits()
    {
        if (_newLimits == _limits)
            return;
        _admission.Limits = _limits = _newLimits;
        var latest = Now + _limits.RequestTimeout;
        for (var i = 0; i < _callers.Count; i++)
        {
            if (_callers[i].Until > latest)
                _callers[i] = _callers[i] with { Until = latest };
        }
    }

    private void ReadRequests()
    {
        // Backwards, since those that are done leave the list.
        for (var i = _callers.Count - 1; i >= 0; i--)
        {
            if (_poll.IsReady(i) && _callers[i].Reader.Read() is { } request)
            {
                var caller = _callers[i];
                _callers.RemoveAt(i);
                Done(caller, request);
            }
        }
    }

    // What needs no answer ends here: it would keep its place until the owner has time for it.
    private void Done(Caller caller, UsbIpRequest request)
    {
        switch (request)
        {
            case UsbIpRequest.Malformed or UsbIpRequest.Closed:
                _admission.Leave(caller.Place);
                caller.Connection.Dispose();
                if (request is UsbIpRequest.Malformed malformed)
                    _owner.TurnedAway(caller.Peer.Address, malformed.Reason);
                break;
            default:
                _admission.Answer(caller.Place);
                _owner.Serve(new Visit(caller.Connection, caller.Peer, request, () => _left.Enqueue(caller.Place)));
                break;
        }
    }

    private void CloseTheLate()
    {
        while (_callers.Count > 0 && _callers[0].Until <= Now)
        {
            var late = _callers[0];
            _callers.RemoveAt(0);
            _admission.Leave(late.Place);
            late.Connection.Dispose();
            _owner.TurnedAway(late.Peer.Address, $"it did not say what it wants within {_limits.RequestTimeout.TotalSeconds} s");
        }
    }

    // The listener is asked before each accept: a blocking one that finds nothing would hold up everybody. A connection that was reset
    // meanwhile is still there to be accepted (inet_csk_accept in net/ipv4/inet_connection_sock.c).
    private void Accept()
    {
        for (var accepted = 0; accepted < AcceptedAtOnce && !_stopping && _listener.Poll(TimeSpan.Zero, SelectMode.SelectRead); accepted++)
        {
            try
            {
                Receive(_listener.Accept());
            }
            catch (SocketException error) when (IsOutOfDescriptors(error) && _admission.GiveUpOne() is { } place)
            {
                Close(place, "there are no descriptors left");
            }
            catch (SocketException error)
            {
                _pausedUntil = Now + AcceptPause;
                _owner.AcceptFailed(error);
                return;
            }
        }
    }

    private static bool IsOutOfDescriptors(SocketException error) =>
        error.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable;

    private void Receive(Socket connection)
    {
        if (PeerOf(connection) is not { } peer)
        {
            connection.Dispose();
            return;
        }

        switch (_admission.Admit(peer.Address, Now))
        {
            case Admission.Decision.Admitted(var place, var instead):
                if (instead is not null)
                    Close(instead, "it had not said what it wants when there was no more room");
                _callers.Add(new Caller(connection, peer, new RequestReader(connection), place, Now + _limits.RequestTimeout));
                break;
            case Admission.Decision.Refused(var why):
                UsbIpServerConnection.Abort(connection);
                _owner.TurnedAway(peer.Address, why);
                break;
        }
    }

    private void Close(Admission.Place place, string why)
    {
        var index = _callers.FindIndex(caller => caller.Place == place);
        var caller = _callers[index];
        _callers.RemoveAt(index);
        UsbIpServerConnection.Abort(caller.Connection);
        _owner.TurnedAway(caller.Peer.Address, why);
    }

    private static IPEndPoint? PeerOf(Socket connection)
    {
        try
        {
            return connection.RemoteEndPoint is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped
                ? new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port)
                : connection.RemoteEndPoint as IPEndPoint;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private sealed record Caller(Socket Connection, IPEndPoint Peer, RequestReader Reader, Admission.Place Place, TimeSpan Until);
}
