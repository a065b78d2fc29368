namespace Akka.Event;

/// <summary>How much an entry matters.</summary>
public enum LogLevel
{
    /// <summary>For who looks for a fault.</summary>
    DebugLevel,

    /// <summary>What happens.</summary>
    InfoLevel,

    /// <summary>What may need somebody.</summary>
    WarningLevel,

    /// <summary>What failed.</summary>
    ErrorLevel,
}

/// <summary>Logs under one source.</summary>
public interface ILoggingAdapter
{
    /// <summary>Whether entries of this level are kept.</summary>
    bool IsEnabled(LogLevel logLevel);

    /// <summary>Logs a text as it is.</summary>
    void Log(LogLevel logLevel, Exception? cause, string format);
}

/// <summary>Logging with a format and its arguments, which are put together only when the level is kept.</summary>
public static class LoggingExtensions
{
    /// <summary>Logs for who looks for a fault.</summary>
    public static void Debug(this ILoggingAdapter log, string format, params object?[] args) => Write(log, LogLevel.DebugLevel, null, format, args);

    /// <summary>Logs what happens.</summary>
    public static void Info(this ILoggingAdapter log, string format, params object?[] args) => Write(log, LogLevel.InfoLevel, null, format, args);

    /// <summary>Logs what may need somebody.</summary>
    public static void Warning(this ILoggingAdapter log, string format, params object?[] args) =>
        Write(log, LogLevel.WarningLevel, null, format, args);

    /// <summary>Logs what may need somebody.</summary>
    public static void Warning(this ILoggingAdapter log, Exception? cause, string format, params object?[] args) =>
        Write(log, LogLevel.WarningLevel, cause, format, args);

    /// <summary>Logs what failed.</summary>
    public static void Error(this ILoggingAdapter log, string format, params object?[] args) => Write(log, LogLevel.ErrorLevel, null, format, args);

    /// <summary>Logs what failed.</summary>
    public static void Error(this ILoggingAdapter log, Exception? cause, string format, params object?[] args) =>
        Write(log, LogLevel.ErrorLevel, cause, format, args);

    private static void Write(ILoggingAdapter log, LogLevel level, Exception? cause, string format, object?[] args)
    {
        if (log.IsEnabled(level))
            log.Log(level, cause, args.Length == 0 ? format : string.Format(CultureInfo.InvariantCulture, format, args));
    }
}

/// <summary>Getting a logger.</summary>
public static class Logging
{
    /// <summary>A logger for the actor; its source is the actor's path.</summary>
    public static ILoggingAdapter GetLogger(this IActorContext context) => GetLogger(context.System, context.Self.Path.ToString());

    /// <summary>A logger for anything else; its source is that thing's text.</summary>
    public static ILoggingAdapter GetLogger(ActorSystem system, object logSourceObj) =>
        new Adapter((SubsetActorSystem)system, logSourceObj.ToString() ?? "");

    private sealed class Adapter(SubsetActorSystem system, string source) : ILoggingAdapter
    {
        public bool IsEnabled(LogLevel logLevel) => system.Keeps(logLevel);

        public void Log(LogLevel logLevel, Exception? cause, string format) => system.Publish(logLevel, source, format, cause);
    }
}
