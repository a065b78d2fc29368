namespace UsbIpCluster.Protocol;

/// <summary>What a reader found at the start of the bytes it was given.</summary>
public enum ReadStatus
{
    /// <summary>The bytes so far are no valid message, and more of them will not make it one.</summary>
    Malformed,

    /// <summary>Valid so far, and not all there yet.</summary>
    NeedMore,

    /// <summary>A whole message.</summary>
    Complete,
}

/// <summary>
/// What a reader returns; readers never throw on what a peer sent.
/// <para>
/// From a buffer with many messages: take <see cref="Value"/>, advance by <see cref="Consumed"/>, read again until the status is no
/// longer <see cref="ReadStatus.Complete"/>. From a blocking socket: start with no bytes; while the status is
/// <see cref="ReadStatus.NeedMore"/>, receive exactly <see cref="Missing"/> more bytes behind those at hand and read again. That
/// never takes a byte that belongs to what follows the message, which matters where the kernel takes the socket over.
/// </para>
/// </summary>
/// <typeparam name="T">The message.</typeparam>
public readonly struct ReadResult<T>
{
    private readonly int _count;

    internal ReadResult(ReadStatus status, T value, int count, string? reason)
    {
        Status = status;
        Value = value;
        _count = count;
        Reason = reason;
    }

    /// <summary>Which of the three it is; <c>default</c> is malformed.</summary>
    public ReadStatus Status { get; }

    /// <summary>Whether there is a <see cref="Value"/>.</summary>
    public bool IsComplete => Status == ReadStatus.Complete;

    /// <summary>The message; only meaningful when complete.</summary>
    public T Value { get; }

    /// <summary>How many bytes the message took from the start of the input; 0 unless complete.</summary>
    public int Consumed => Status == ReadStatus.Complete ? _count : 0;

    /// <summary>How many bytes at least are missing, all of which belong to this message; 0 unless more are needed.</summary>
    public int Missing => Status == ReadStatus.NeedMore ? _count : 0;

    /// <summary>What is wrong, for a person, without control characters; null unless malformed.</summary>
    public string? Reason { get; }
}

/// <summary>Makes a <see cref="ReadResult{T}"/>.</summary>
public static class ReadResult
{
    /// <summary>A whole message in the first <paramref name="consumed"/> bytes.</summary>
    public static ReadResult<T> Complete<T>(T value, int consumed) => new(ReadStatus.Complete, value, consumed, null);

    /// <summary>At least <paramref name="missing"/> further bytes belong to the message.</summary>
    public static ReadResult<T> NeedMore<T>(int missing) => new(ReadStatus.NeedMore, default!, missing, null);

    /// <summary>No such message, and why.</summary>
    public static ReadResult<T> Malformed<T>(string reason) => new(ReadStatus.Malformed, default!, 0, reason);

    /// <summary>Hands on an incomplete or malformed result of a part as that of the whole.</summary>
    internal static ReadResult<T> Failed<TPart, T>(in ReadResult<TPart> part) =>
        new(part.Status, default!, part.Missing, part.Reason);
}
