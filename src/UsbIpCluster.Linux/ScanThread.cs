using System.Diagnostics;

namespace UsbIpCluster.Linux;

/// <summary>
/// A thread that scans when it is woken, and again after the time that the last scan asked for. A thread of its own, since a scan
/// may wait in the kernel and must not wait for the pool. After a scan it rests for as long as that took: on a slow or busy host, scans at
/// short intervals would keep the processor from what they wait for.
/// </summary>
internal sealed class ScanThread : IDisposable
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(100);

    private readonly Func<TimeSpan> _scan;
    private readonly Action<string> _log;
    private readonly ITimer _timer;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly Lock _gate = new();
    private readonly Thread _thread;
    private volatile bool _stopping;

    /// <summary>Starts the thread; the first scan is made when it is first woken.</summary>
    /// <param name="name">The thread's name.</param>
    /// <param name="clock">What times the next scan.</param>
    /// <param name="scan">Returns the time until the next scan.</param>
    /// <param name="log">Told when a scan fails.</param>
    public ScanThread(string name, TimeProvider clock, Func<TimeSpan> scan, Action<string> log)
    {
        _scan = scan;
        _log = log;
        _timer = clock.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Makes it scan at once.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            if (!_stopping)
                _wake.Set();
        }
    }

    /// <summary>Ends the thread, and waits for it unless this is called by it.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_stopping)
                return;
            _stopping = true;
            _wake.Set();
        }

        _timer.Dispose();
        if (_thread != Thread.CurrentThread)
            _thread.Join();
    }

    private void Run()
    {
        while (true)
        {
            _wake.WaitOne();
            if (_stopping)
                break;
            var start = Stopwatch.GetTimestamp();
            _timer.Change(Scan(), Timeout.InfiniteTimeSpan);
            var rest = Stopwatch.GetElapsedTime(start);
            Thread.Sleep(rest < LongestRest ? rest : LongestRest);
        }

        _wake.Dispose();
    }

    private TimeSpan Scan()
    {
        try
        {
            return _scan();
        }
        catch (Exception exception)
        {
            _log($"{_thread.Name}: a scan failed: {exception.Message}");
            return AfterFailure;
        }
    }
}
