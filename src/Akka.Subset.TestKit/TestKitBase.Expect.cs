using Akka.Actor;
using Xunit;

namespace Akka.TestKit;

/// <summary>What the test actor is expected to get. Without a time it is what is left of Within, or three seconds.</summary>
public abstract partial class TestKitBase
{
    /// <summary>The next message, which must be a <typeparamref name="T"/>.</summary>
    public T ExpectMsg<T>(TimeSpan? duration = null, string? hint = null) => Wait(ExpectMsgAsync<T>(duration, hint));

    /// <summary>The next message, which must equal <paramref name="message"/>.</summary>
    public T ExpectMsg<T>(T message, TimeSpan? timeout = null, string? hint = null) => Wait(ExpectMsgAsync(message, timeout, hint));

    /// <summary>The next message, for which the predicate must hold.</summary>
    public T ExpectMsg<T>(Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null) =>
        Wait(ExpectMsgAsync(isMessage, timeout, hint));

    /// <summary>The next message, which <paramref name="assert"/> must not object to.</summary>
    public T ExpectMsg<T>(Action<T> assert, TimeSpan? timeout = null, string? hint = null) => Wait(ExpectMsgAsync(assert, timeout, hint));

    /// <summary>The next message and its sender, for which the predicate must hold.</summary>
    public T ExpectMsg<T>(Func<T, IActorRef, bool> isMessageAndSender, TimeSpan? timeout = null, string? hint = null) =>
        Wait(ExpectMsgAsync(isMessageAndSender, timeout, hint));

    /// <summary>The next message and its sender, which the action must not object to.</summary>
    public T ExpectMsg<T>(Action<T, IActorRef> assertMessageAndSender, TimeSpan? timeout = null, string? hint = null) =>
        Wait(ExpectMsgAsync(assertMessageAndSender, timeout, hint));

    /// <summary>The next message, which must be a <typeparamref name="T"/>.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(TimeSpan? duration = null, string? hint = null) => Expect<T>((_, _) => { }, duration, hint);

    /// <summary>The next message, which must equal <paramref name="message"/>.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(T message, TimeSpan? timeout = null, string? hint = null) =>
        Expect<T>((actual, _) => Assert.Equal(message, actual), timeout, hint);

    /// <summary>The next message, for which the predicate must hold.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null) =>
        Expect<T>((actual, _) => Assert.True(isMessage(actual), $"Got a message of the expected type <{typeof(T)}>, but not the one: {actual}"),
            timeout, hint);

    /// <summary>The next message, which <paramref name="assert"/> must not object to.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(Action<T> assert, TimeSpan? timeout = null, string? hint = null) =>
        Expect<T>((actual, _) => assert(actual), timeout, hint);

    /// <summary>The next message and its sender, for which the predicate must hold.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(Func<T, IActorRef, bool> isMessageAndSender, TimeSpan? timeout = null, string? hint = null) =>
        Expect<T>((actual, sender) => Assert.True(isMessageAndSender(actual, sender), $"Got {actual} from {sender}, which is not the one"),
            timeout, hint);

    /// <summary>The next message and its sender, which the action must not object to.</summary>
    public ValueTask<T> ExpectMsgAsync<T>(Action<T, IActorRef> assertMessageAndSender, TimeSpan? timeout = null, string? hint = null) =>
        Expect(assertMessageAndSender, timeout, hint);

    /// <summary>The next message, which must be a <typeparamref name="T"/> of that sender.</summary>
    public T ExpectMsgFrom<T>(IActorRef sender, TimeSpan? duration = null, string? hint = null) =>
        Wait(Expect<T>((_, actual) => Assert.Equal(sender, actual), duration, hint));

    /// <summary>The next message, which must equal <paramref name="message"/> and have that sender.</summary>
    public T ExpectMsgFrom<T>(IActorRef sender, T message, TimeSpan? timeout = null, string? hint = null) =>
        Wait(Expect<T>((actual, actualSender) => Assert.Equal((message, sender), (actual, actualSender)), timeout, hint));

    /// <summary>No message for that long.</summary>
    public void ExpectNoMsg(TimeSpan duration) => ExpectNoMsgAsync(duration).AsTask().GetAwaiter().GetResult();

    /// <summary>No message for that many milliseconds.</summary>
    public void ExpectNoMsg(int milliseconds) => ExpectNoMsg(TimeSpan.FromMilliseconds(milliseconds));

    /// <summary>No message for what is left of Within, or three seconds.</summary>
    public void ExpectNoMsg() => ExpectNoMsg(RemainingOrDefault);

    /// <summary>No message for that long.</summary>
    public async ValueTask ExpectNoMsgAsync(TimeSpan duration)
    {
        if (await Receive(duration) is { } envelope)
            Assert.Fail($"Failed: Expected no messages during {duration}, instead we received {envelope.Message} from {envelope.Sender}");
    }

    /// <summary>The next message, which must tell of the end of that actor.</summary>
    public Terminated ExpectTerminated(IActorRef target, TimeSpan? timeout = null, string? hint = null) =>
        Wait(ExpectTerminatedAsync(target, timeout, hint));

    /// <summary>The next message, which must tell of the end of that actor.</summary>
    public ValueTask<Terminated> ExpectTerminatedAsync(IActorRef target, TimeSpan? timeout = null, string? hint = null) =>
        Expect<Terminated>((terminated, _) => Assert.Equal(target, terminated.ActorRef), timeout, hint);

    /// <summary>The first message for which the predicate holds; those before it are dropped.</summary>
    public object FishForMessage(Predicate<object> isMessage, TimeSpan? max = null, string hint = "") =>
        Wait(FishForMessageAsync(isMessage, max, hint));

    /// <summary>The first <typeparamref name="T"/> for which the predicate holds; messages before it are dropped.</summary>
    public T FishForMessage<T>(Predicate<T> isMessage, TimeSpan? max = null, string hint = "") =>
        Wait(FishForMessageAsync(isMessage, max, hint));

    /// <summary>The first message for which the predicate holds; those before it are dropped.</summary>
    public ValueTask<object> FishForMessageAsync(Predicate<object> isMessage, TimeSpan? max = null, string hint = "") =>
        FishForMessageAsync<object>(isMessage, max, hint);

    /// <summary>The first <typeparamref name="T"/> for which the predicate holds; messages before it are dropped.</summary>
    public async ValueTask<T> FishForMessageAsync<T>(Predicate<T> isMessage, TimeSpan? max = null, string hint = "")
    {
        var limit = max ?? RemainingOrDefault;
        var end = DateTime.UtcNow + limit;
        while (await Receive(end - DateTime.UtcNow) is { } envelope)
        {
            if (envelope.Message is T message && isMessage(message))
                return message;
        }

        Assert.Fail($"Timeout ({limit}) during fishForMessage, hint: {hint}");
        return default;
    }

    /// <summary>The next message, or null when none came in time.</summary>
    public object? ReceiveOne(TimeSpan? max = null) => Wait(ReceiveOneAsync(max));

    /// <summary>The next message, or null when none came in time.</summary>
    public async ValueTask<object?> ReceiveOneAsync(TimeSpan? max = null) => (await Receive(max ?? RemainingOrDefault))?.Message;

    /// <summary>So many messages.</summary>
    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages) => ReceiveN(numberOfMessages, RemainingOrDefault);

    /// <summary>So many messages.</summary>
    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, TimeSpan max)
    {
        var messages = new List<object>();
        var end = DateTime.UtcNow + max;
        while (messages.Count < numberOfMessages)
        {
            messages.Add(ReceiveOne(end - DateTime.UtcNow)
                ?? throw Xunit.Sdk.FailException.ForFailure($"Timeout ({max}) while expecting {numberOfMessages} messages, got {messages.Count}"));
        }

        return messages;
    }

    private static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();

    private async ValueTask<T> Expect<T>(Action<T, IActorRef> assert, TimeSpan? timeout, string? hint)
    {
        var limit = timeout ?? RemainingOrDefault;
        if (await Receive(limit) is not { } envelope)
        {
            Assert.Fail($"Failed: Timeout {limit} while waiting for a message of type {typeof(T)} {hint}");
            return default;
        }

        if (envelope.Message is not T message)
        {
            Assert.Fail($"Failed: Expected a message of type {typeof(T)}, but received {{{envelope.Message}}} "
                + $"(type {envelope.Message.GetType()}) instead {hint} from {envelope.Sender}");
            return default;
        }

        assert(message, LastSender);
        return message;
    }

    private async ValueTask<Envelope?> Receive(TimeSpan limit)
    {
        _last = null;
        if (_queue.Reader.TryRead(out var envelope))
            return _last = envelope;
        if (limit <= TimeSpan.Zero)
            return null;
        using var expiry = new CancellationTokenSource(limit);
        try
        {
            return _last = await _queue.Reader.ReadAsync(expiry.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
