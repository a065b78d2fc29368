namespace Akka.Actor;

/// <summary>What is to happen to a failed child.</summary>
public enum Directive
{
    /// <summary>It goes on with the next message, its state kept.</summary>
    Resume,

    /// <summary>A new instance goes on with the next message.</summary>
    Restart,

    /// <summary>The supervisor fails with the same cause.</summary>
    Escalate,

    /// <summary>It stops.</summary>
    Stop,
}

/// <summary>How a supervisor deals with the failures of its children.</summary>
public abstract class SupervisorStrategy
{
    /// <summary>Stops a child that could not be created, was killed, or did not handle <see cref="Terminated"/>; restarts any other.</summary>
    public static readonly SupervisorStrategy DefaultStrategy = new OneForOneStrategy(cause =>
        cause is ActorInitializationException or ActorKilledException or DeathPactException ? Directive.Stop : Directive.Restart);

    /// <summary>Stops every child that fails.</summary>
    public static readonly OneForOneStrategy StoppingStrategy = new(_ => Directive.Stop);

    private readonly Func<Exception, Directive> _decider;
    private readonly bool _loggingEnabled;

    private protected SupervisorStrategy(Func<Exception, Directive> decider, bool loggingEnabled) =>
        (_decider, _loggingEnabled) = (decider, loggingEnabled);

    /// <summary>Acts on a failure; false when it is the supervisor's own now.</summary>
    internal bool HandleFailure(ActorCell supervisor, ChildStats child, Exception cause)
    {
        var directive = _decider(cause);
        if (_loggingEnabled && directive != Directive.Escalate)
        {
            var told = cause is ActorInitializationException { InnerException: { } inner } ? inner : cause;
            supervisor.SystemImpl.Publish(directive == Directive.Resume ? LogLevel.WarningLevel : LogLevel.ErrorLevel,
                child.Ref.Path.ToString(), told.Message, cause);
        }

        switch (directive)
        {
            case Directive.Resume:
                child.Ref.SendSystemMessage(new SystemMessage.Resume(cause));
                return true;
            case Directive.Restart when MayRestart(child):
                child.Ref.SendSystemMessage(new SystemMessage.Recreate(cause));
                return true;
            case Directive.Restart or Directive.Stop:
                supervisor.Stop(child.Ref);
                return true;
            default:
                return false;
        }
    }

    private protected abstract bool MayRestart(ChildStats child);
}

/// <summary>A strategy that deals with the failed child alone.</summary>
public class OneForOneStrategy : SupervisorStrategy
{
    /// <summary>Restarts a child at most so often within the time; either may be null for no limit. Then it is stopped.</summary>
    public OneForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
        : this(maxNrOfRetries ?? -1, (int)(withinTimeRange ?? Timeout.InfiniteTimeSpan).TotalMilliseconds, localOnlyDecider)
    {
    }

    /// <summary>The same in milliseconds, -1 for no limit.</summary>
    public OneForOneStrategy(
        int maxNrOfRetries, int withinTimeMilliseconds, Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : base(localOnlyDecider, loggingEnabled) =>
        (MaxNumberOfRetries, WithinTimeRangeMilliseconds) = (maxNrOfRetries, withinTimeMilliseconds);

    /// <summary>Without a limit.</summary>
    public OneForOneStrategy(Func<Exception, Directive> localOnlyDecider)
        : this(-1, -1, localOnlyDecider)
    {
    }

    /// <summary>Without a limit.</summary>
    public OneForOneStrategy(Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : this(-1, -1, localOnlyDecider, loggingEnabled)
    {
    }

    /// <summary>How often a child is restarted; -1: always; 0: never.</summary>
    public int MaxNumberOfRetries { get; }

    /// <summary>Within how many milliseconds; -1: ever.</summary>
    public int WithinTimeRangeMilliseconds { get; }

    private protected override bool MayRestart(ChildStats child) => (MaxNumberOfRetries, WithinTimeRangeMilliseconds) switch
    {
        (0, _) => false,
        (> 0, <= 0) => ++child.Restarts <= MaxNumberOfRetries,
        (_, > 0) => child.RestartsWithin(TimeSpan.FromMilliseconds(WithinTimeRangeMilliseconds)) <= Math.Max(1, MaxNumberOfRetries),
        _ => true,
    };
}
