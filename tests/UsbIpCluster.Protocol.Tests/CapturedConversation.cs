namespace UsbIpCluster.Protocol.Tests;

/// <summary>One message of a captured conversation.</summary>
/// <param name="Message">What it was read as.</param>
/// <param name="Raw">Its header or, of an OP message, all of its bytes, as captured.</param>
/// <param name="Encoded">The same, written again from <paramref name="Message"/>.</param>
/// <param name="Data">The data of a URB, as captured.</param>
internal sealed record CapturedMessage(object Message, byte[] Raw, byte[] Encoded, byte[] Data);

/// <summary>
/// Both directions of a connection between the stock tools, taken apart to the last byte: <c>Vectors/NAME.importer.bin</c> is what the
/// importer sent, <c>Vectors/NAME.exporter.bin</c> what the exporter answered.
/// </summary>
internal sealed class CapturedConversation
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Vectors");

    private CapturedConversation(IReadOnlyList<CapturedMessage> importer, IReadOnlyList<CapturedMessage> exporter)
    {
        Importer = importer;
        Exporter = exporter;
    }

    public static IEnumerable<string> Names =>
        Directory.GetFiles(Folder, "*.importer.bin").Select(file => Path.GetFileName(file).Split('.')[0]).Order();

    public IReadOnlyList<CapturedMessage> Importer { get; }

    public IReadOnlyList<CapturedMessage> Exporter { get; }

    public static CapturedConversation Load(string name)
    {
        var importer = ReadImporter(File.ReadAllBytes(Path.Combine(Folder, $"{name}.importer.bin")));
        var submits = importer.Select(message => message.Message).OfType<CmdSubmit>().ToDictionary(submit => submit.SequenceNumber);
        var exporter = ReadExporter(File.ReadAllBytes(Path.Combine(Folder, $"{name}.exporter.bin")), submits);
        return new CapturedConversation(importer, exporter);
    }

    /// <summary>Every submit with its return and the data that went either way; what was taken back is not among them.</summary>
    public IEnumerable<(CmdSubmit Submit, RetSubmit Return, byte[] Data)> Transfers()
    {
        var returns = Exporter.Where(message => message.Message is RetSubmit)
            .ToDictionary(message => ((RetSubmit)message.Message).SequenceNumber);
        foreach (var message in Importer)
        {
            if (message.Message is CmdSubmit submit && returns.TryGetValue(submit.SequenceNumber, out var answer))
                yield return (submit, (RetSubmit)answer.Message, submit.Direction == UrbDirection.In ? answer.Data : message.Data);
        }
    }

    private static List<CapturedMessage> ReadImporter(ReadOnlySpan<byte> stream)
    {
        var messages = new List<CapturedMessage>();
        Take(ref stream, messages, OpRequest.Read(stream), request => request.Encode());
        while (!stream.IsEmpty)
        {
            if (UrbHeader.Read(stream).Value.Command == UrbCommand.CmdUnlink)
                Take(ref stream, messages, CmdUnlink.Read(stream), unlink => WireFormat.Written(UrbHeader.Size, unlink.Write));
            else
                TakeSubmit(ref stream, messages);
        }

        return messages;
    }

    private static List<CapturedMessage> ReadExporter(ReadOnlySpan<byte> stream, Dictionary<uint, CmdSubmit> submits)
    {
        var messages = new List<CapturedMessage>();
        if (OpHeader.Read(stream).Value.Code == OpCode.DevlistReply)
        {
            TakeList(ref stream, messages);
            Assert.True(stream.IsEmpty);
            return messages;
        }

        Take(ref stream, messages, ImportReply.Read(stream), reply => reply.Encode());
        while (!stream.IsEmpty)
        {
            if (UrbHeader.Read(stream).Value.Command == UrbCommand.RetUnlink)
                Take(ref stream, messages, RetUnlink.Read(stream), reply => WireFormat.Written(UrbHeader.Size, reply.Write));
            else
                TakeReturn(ref stream, messages, submits);
        }

        return messages;
    }

    private static void TakeSubmit(ref ReadOnlySpan<byte> stream, List<CapturedMessage> messages)
    {
        var read = CmdSubmit.Read(stream);
        Take(ref stream, messages, read, submit => WireFormat.Written(UrbHeader.Size, submit.Write), submit => submit.DataSize);
        TakePackets(ref stream, messages, read.Value.IsoPacketCount, read.Value.TransferBufferLength);
    }

    private static void TakeReturn(ref ReadOnlySpan<byte> stream, List<CapturedMessage> messages, Dictionary<uint, CmdSubmit> submits)
    {
        var read = RetSubmit.Read(stream);
        var submit = submits[read.Value.SequenceNumber];
        Assert.Null(read.Value.CheckAnswers(submit));
        Take(
            ref stream,
            messages,
            read,
            reply => WireFormat.Written(UrbHeader.Size, reply.Write),
            reply => reply.DataSize(submit.Direction));
        TakePackets(ref stream, messages, read.Value.IsoPacketCount, submit.TransferBufferLength);
    }

    private static void TakePackets(ref ReadOnlySpan<byte> stream, List<CapturedMessage> messages, int count, int bufferLength)
    {
        for (var i = 0; i < count; i++)
        {
            Take(
                ref stream,
                messages,
                IsoPacketDescriptor.Read(stream, bufferLength),
                packet => WireFormat.Written(IsoPacketDescriptor.Size, packet.Write));
        }
    }

    private static void TakeList(ref ReadOnlySpan<byte> stream, List<CapturedMessage> messages)
    {
        var whole = stream.ToArray();
        var start = DevlistReply.Read(stream);
        stream = stream[start.Consumed..];
        var devices = new List<CapturedMessage>();
        for (var i = 0; i < start.Value.Count; i++)
        {
            Take(
                ref stream,
                devices,
                DevlistDevice.Read(stream),
                device => WireFormat.Written(device.Size, device.Write));
        }

        var encoded = DevlistReply.Encode([.. devices.Select(device => (DevlistDevice)device.Message)]);
        messages.Add(new CapturedMessage(start.Value, whole, encoded, []));
        messages.AddRange(devices);
    }

    private static void Take<T>(
        ref ReadOnlySpan<byte> stream,
        List<CapturedMessage> messages,
        ReadResult<T> read,
        Func<T, byte[]> encode,
        Func<T, int>? dataSize = null)
        where T : notnull
    {
        Assert.True(read.IsComplete, $"message {messages.Count}: {read.Status} {read.Reason}");
        var raw = stream[..read.Consumed].ToArray();
        stream = stream[read.Consumed..];
        var data = stream[..(dataSize?.Invoke(read.Value) ?? 0)].ToArray();
        stream = stream[data.Length..];
        messages.Add(new CapturedMessage(read.Value, raw, encode(read.Value), data));
    }
}
