using System.Buffers;

namespace UsbIpCluster.Node;

/// <summary>Where entries go. For one thread at a time; whatever is wrong there is nobody's fault who logs.</summary>
internal sealed class LogTarget : IDisposable
{
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);
    private readonly Stream _stream;
    private readonly LogForm _form;
    private readonly JournalSocket? _journal;

    /// <param name="stream">Standard error.</param>
    /// <param name="form">What is written there.</param>
    /// <param name="journal">The journal, which has precedence; null when it is not behind the stream.</param>
    public LogTarget(Stream stream, LogForm form, JournalSocket? journal = null) => (_stream, _form, _journal) = (stream, form, journal);

    /// <summary>Standard error, or the journal when that is what is behind it and nobody wants JSON.</summary>
    public static LogTarget Of(LogFormat format)
    {
        var error = Console.OpenStandardError();
        if (format == LogFormat.Json)
            return new LogTarget(error, LogForms.Json);
        return JournalSocket.IsBehind(Environment.GetEnvironmentVariable("JOURNAL_STREAM"), JournalSocket.Describe(2))
            ? new LogTarget(error, LogForms.Prefixed, new JournalSocket(JournalSocket.DefaultPath))
            : new LogTarget(error, LogForms.Text);
    }

    /// <summary>Writes an entry.</summary>
    public void Write(LogEntry entry)
    {
        if (_journal is not null && _journal.TrySend(Form(entry, LogForms.Journal)))
            return;
        try
        {
            _stream.Write(Form(entry, _form));
            _stream.Flush();
        }
        catch (IOException)
        {
            // Whoever read it has gone.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _journal?.Dispose();
        _stream.Dispose();
    }

    private ReadOnlySpan<byte> Form(LogEntry entry, LogForm form)
    {
        _buffer.ResetWrittenCount();
        form(entry, _buffer);
        return _buffer.WrittenSpan;
    }
}
