using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux.Tests;

public sealed class DeviceLocksTests
{
    private static readonly BusId One = BusId.Parse("1-1");
    private readonly DeviceLocks _locks = new();

    [Fact]
    public async Task The_second_waits_for_the_first()
    {
        var first = await _locks.EnterAsync(One, CancellationToken.None);
        var second = _locks.EnterAsync(One, CancellationToken.None);
        Assert.False(second.IsCompleted);
        first.Dispose();
        (await second).Dispose();
    }

    [Fact]
    public async Task Another_device_does_not_wait()
    {
        using var first = await _locks.EnterAsync(One, CancellationToken.None);
        var other = _locks.EnterAsync(BusId.Parse("1-2"), CancellationToken.None);
        Assert.True(other.IsCompletedSuccessfully);
        (await other).Dispose();
    }

    [Fact]
    public async Task Nothing_is_kept_when_nobody_works()
    {
        for (var i = 0; i < 100; i++)
        {
            using (await _locks.EnterAsync(BusId.Parse($"1-{i}"), CancellationToken.None))
                Assert.Equal(1, _locks.Count);
        }

        Assert.Equal(0, _locks.Count);
    }

    [Fact]
    public async Task One_that_gives_up_waiting_leaves_nothing_behind()
    {
        var first = await _locks.EnterAsync(One, CancellationToken.None);
        using var cancellation = new CancellationTokenSource();
        var second = _locks.EnterAsync(One, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        first.Dispose();
        Assert.Equal(0, _locks.Count);
        (await _locks.EnterAsync(One, CancellationToken.None)).Dispose();
    }

    [Fact]
    public async Task Leaving_twice_lets_only_one_in()
    {
        var first = await _locks.EnterAsync(One, CancellationToken.None);
        first.Dispose();
        first.Dispose();
        using var second = await _locks.EnterAsync(One, CancellationToken.None);
        Assert.False(_locks.EnterAsync(One, CancellationToken.None).IsCompleted);
    }
}
