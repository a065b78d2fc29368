namespace UsbIpCluster.Control.Rpc;

/// <summary>The peer sent no line that this program reads: too long, or not finished in time.</summary>
internal sealed class LineException(string message) : Exception(message);

/// <summary>Cuts a stream of bytes into lines, each of a bounded length and, once begun, finished in a bounded time.</summary>
/// <param name="stream">Where the bytes come from.</param>
/// <param name="longest">The longest line in bytes, without its end.</param>
/// <param name="patience">How long a line may take from its first byte to its end; null: for ever.</param>
internal sealed class LineReader(Stream stream, int longest, TimeSpan? patience)
{
    private byte[] _buffer = new byte[1024];
    private int _start;
    private int _searched;
    private int _end;

    /// <summary>The next line without its end, valid until the next call; null when the stream has ended. An unfinished last line is dropped.</summary>
    /// <exception cref="LineException">The line is too long, or took too long.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        CancellationTokenSource? deadline = null;
        try
        {
            while (true)
            {
                if (TakeLine() is { } line)
                    return line;
                if (patience is { } time && deadline is null && _end > _start)
                {
                    deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                    deadline.CancelAfter(time);
                }

                MakeRoom();
                var count = await stream.ReadAsync(_buffer.AsMemory(_end), deadline?.Token ?? cancellationToken);
                if (count == 0)
                    return null;
                _end += count;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LineException($"a line was begun and not finished within {patience!.Value.TotalSeconds} s");
        }
        finally
        {
            deadline?.Dispose();
        }
    }

    private ReadOnlyMemory<byte>? TakeLine()
    {
        var length = _buffer.AsSpan(_searched, _end - _searched).IndexOf((byte)'\n');
        if (length < 0)
        {
            _searched = _end;
            return _end - _start > longest ? throw TooLong() : null;
        }

        var line = _buffer.AsMemory(_start, _searched + length - _start);
        _start = _searched = _searched + length + 1;
        return line.Length > longest ? throw TooLong() : line;
    }

    private LineException TooLong() => new($"a line is longer than {longest} bytes");

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _searched -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, longest + 1));
    }
}
