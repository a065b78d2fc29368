namespace UsbIpCluster.Control.Rpc;

/// <summary>
/// One connection of the control protocol, from either end: lines in, lines out, whole messages only. One reader; any number of writers,
/// who take turns. What waits to be written is held by those who wait, so their number bounds it.
/// </summary>
internal sealed class JsonRpcConnection : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly LineReader _reader;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly TimeSpan? _writePatience;

    /// <summary>Takes over a connection.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="longestLine">The longest line that is read, in bytes.</param>
    /// <param name="readPatience">How long a line may take once it has begun; null: for ever.</param>
    /// <param name="writePatience">How long the peer may take to make room for one message; null: as long as the stream gives it.</param>
    public JsonRpcConnection(Stream stream, int longestLine, TimeSpan? readPatience, TimeSpan? writePatience)
    {
        _stream = stream;
        _reader = new LineReader(stream, longestLine, readPatience);
        _writePatience = writePatience;
    }

    /// <summary>The next line, valid until the next call; null at the end.</summary>
    /// <exception cref="LineException">The peer's line is too long, or took too long.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken) => _reader.ReadAsync(cancellationToken);

    /// <summary>Writes one line that <see cref="JsonRpc"/> made, whole. After a failure the connection is of no more use.</summary>
    /// <exception cref="IOException">The connection broke, or the peer does not read.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        using var deadline = _writePatience is null ? null : CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            if (_writePatience is { } patience)
                deadline!.CancelAfter(patience);
            await _stream.WriteAsync(line, deadline?.Token ?? cancellationToken);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"the peer did not read for {_writePatience!.Value.TotalSeconds} s", e);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Closes the connection. Who still waits to write fails with an <see cref="IOException"/>.</summary>
    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
