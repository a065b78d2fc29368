using Xunit;

namespace Akka.TestKit;

/// <summary>Awaiting what no message tells: it is looked at again and again, ten times a second.</summary>
public abstract partial class TestKitBase
{
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Awaits that a condition holds.</summary>
    public void AwaitCondition(Func<bool> conditionIsFulfilled) => AwaitCondition(conditionIsFulfilled, null);

    /// <summary>Awaits that a condition holds.</summary>
    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max) => AwaitCondition(conditionIsFulfilled, max, null);

    /// <summary>Awaits that a condition holds.</summary>
    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max, TimeSpan? interval, string? message = null) =>
        AwaitConditionAsync(conditionIsFulfilled, max, interval, message).GetAwaiter().GetResult();

    /// <summary>Awaits that a condition holds.</summary>
    public Task AwaitConditionAsync(Func<bool> conditionIsFulfilled) => AwaitConditionAsync(conditionIsFulfilled, null, null);

    /// <summary>Awaits that a condition holds.</summary>
    public Task AwaitConditionAsync(Func<bool> conditionIsFulfilled, TimeSpan? max, TimeSpan? interval, string? message = null) =>
        AwaitAssertAsync(() => Assert.True(conditionIsFulfilled(), message ?? "Timeout expired while waiting for condition."), max, interval);

    /// <summary>Awaits that nothing is thrown.</summary>
    public void AwaitAssert(Action assertion, TimeSpan? duration = null, TimeSpan? interval = null) =>
        AwaitAssertAsync(assertion, duration, interval).GetAwaiter().GetResult();

    /// <summary>Awaits that nothing is thrown.</summary>
    public Task AwaitAssertAsync(Action assertion, TimeSpan? duration = null, TimeSpan? interval = null) => AwaitAssertAsync(() =>
    {
        assertion();
        return Task.CompletedTask;
    }, duration, interval);

    /// <summary>Awaits that nothing is thrown.</summary>
    public async Task AwaitAssertAsync(Func<Task> assertion, TimeSpan? duration = null, TimeSpan? interval = null)
    {
        var end = DateTime.UtcNow + (duration ?? RemainingOrDefault);
        while (true)
        {
            try
            {
                await assertion();
                return;
            }
            catch (Exception) when (DateTime.UtcNow < end)
            {
                await Task.Delay(interval ?? DefaultInterval).ConfigureAwait(false);
            }
        }
    }
}
