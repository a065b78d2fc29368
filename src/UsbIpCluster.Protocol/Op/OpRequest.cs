namespace UsbIpCluster.Protocol;

/// <summary>
/// What an importer asks for on a new connection. A lease's preamble has no reply of its own: an <see cref="Import"/> follows it.
/// </summary>
public abstract record OpRequest
{
    private OpRequest()
    {
    }

    /// <summary>OP_REQ_DEVLIST: the devices that can be imported; 8 bytes.</summary>
    public sealed record ListDevices : OpRequest
    {
        /// <inheritdoc/>
        public override int Size => OpHeader.Size;

        private protected override OpCode Code => OpCode.DevlistRequest;

        private protected override void WriteBody(Span<byte> body)
        {
        }
    }

    /// <summary>OP_REQ_IMPORT: this device, for this connection; 40 bytes.</summary>
    /// <param name="BusId">32 bytes on the wire, padded with NUL.</param>
    public sealed record Import(BusId BusId) : OpRequest
    {
        /// <inheritdoc/>
        public override int Size => OpHeader.Size + BusIdField.Size;

        private protected override OpCode Code => OpCode.ImportRequest;

        private protected override void WriteBody(Span<byte> body) => BusIdField.Write(body, BusId);
    }

    /// <summary>The import that follows uses this lease; 24 bytes. Never sent to a stock server: it resets the connection.</summary>
    /// <param name="LeaseId">16 bytes.</param>
    public sealed record UseLease(LeaseId LeaseId) : OpRequest
    {
        /// <inheritdoc/>
        public override int Size => OpHeader.Size + LeaseId.Size;

        private protected override OpCode Code => OpCode.LeasePreamble;

        private protected override void WriteBody(Span<byte> body) => LeaseId.Write(body);
    }

    /// <summary>The import that follows resumes the session that this lease succeeds; 24 bytes. Never sent to a stock server.</summary>
    /// <param name="LeaseId">16 bytes.</param>
    public sealed record ResumeLease(LeaseId LeaseId) : OpRequest
    {
        /// <inheritdoc/>
        public override int Size => OpHeader.Size + LeaseId.Size;

        private protected override OpCode Code => OpCode.ResumePreamble;

        private protected override void WriteBody(Span<byte> body) => LeaseId.Write(body);
    }

    /// <summary>Size of the largest request, in bytes.</summary>
    public const int MaxSize = OpHeader.Size + BusIdField.Size;

    /// <summary>Size on the wire, in bytes.</summary>
    public abstract int Size { get; }

    private protected abstract OpCode Code { get; }

    /// <summary>
    /// Reads one request. Refused: another version, a code that is no request, a status other than 0 (as the stock server refuses it),
    /// a bus id that is none.
    /// </summary>
    public static ReadResult<OpRequest> Read(ReadOnlySpan<byte> source)
    {
        var header = OpHeader.Read(source);
        if (!header.IsComplete)
            return ReadResult.Failed<OpHeader, OpRequest>(header);
        if (header.Value.Status != OpStatus.Ok)
            return ReadResult.Malformed<OpRequest>($"a request with status {(int)header.Value.Status} instead of 0");

        var body = source[OpHeader.Size..];
        switch (header.Value.Code)
        {
            case OpCode.DevlistRequest:
                return ReadResult.Complete<OpRequest>(new ListDevices(), OpHeader.Size);
            case OpCode.ImportRequest when body.Length < BusIdField.Size:
                return ReadResult.NeedMore<OpRequest>(BusIdField.Size - body.Length);
            case OpCode.ImportRequest:
                return BusIdField.TryRead(body, out var busId, out var reason)
                    ? ReadResult.Complete<OpRequest>(new Import(busId), OpHeader.Size + BusIdField.Size)
                    : ReadResult.Malformed<OpRequest>(reason);
            case OpCode.LeasePreamble or OpCode.ResumePreamble when body.Length < LeaseId.Size:
                return ReadResult.NeedMore<OpRequest>(LeaseId.Size - body.Length);
            case OpCode.LeasePreamble:
                return ReadResult.Complete<OpRequest>(new UseLease(LeaseId.Read(body)), OpHeader.Size + LeaseId.Size);
            case OpCode.ResumePreamble:
                return ReadResult.Complete<OpRequest>(new ResumeLease(LeaseId.Read(body)), OpHeader.Size + LeaseId.Size);
            default:
                return ReadResult.Malformed<OpRequest>($"0x{(int)header.Value.Code:x4} is no request of USB/IP");
        }
    }

    /// <summary>Writes <see cref="Size"/> bytes and returns that count.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less room than that.</exception>
    public int Write(Span<byte> destination)
    {
        var message = destination[..Size];
        new OpHeader(Code, OpStatus.Ok).Write(message);
        WriteBody(message[OpHeader.Size..]);
        return Size;
    }

    /// <summary>The message as a new array.</summary>
    public byte[] Encode()
    {
        var message = new byte[Size];
        Write(message);
        return message;
    }

    private protected abstract void WriteBody(Span<byte> body);
}
