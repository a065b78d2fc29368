using System.Diagnostics;
using UsbIpCluster.Linux.Tests.Fakes;

namespace UsbIpCluster.Linux.Tests;

public sealed class ProcessesTests : IDisposable
{
    private readonly FakeSysfs _files = new();
    private readonly Processes _processes;

    public ProcessesTests()
    {
        _processes = new Processes(new Sysfs(_files.Root));
        _files.Write("/proc/sys/kernel/random/boot_id", "first\n");
    }

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task A_process_is_alive_until_it_ends()
    {
        var real = new Processes(new Sysfs());
        using var sleeping = Process.Start("sleep", ["60"]);
        var process = real.Find(sleeping.Id);
        Assert.True(real.IsAlive(process!));
        sleeping.Kill();
        await sleeping.WaitForExitAsync();
        Assert.False(real.IsAlive(process!));
    }

    [Theory]
    [InlineData("sh")]
    [InlineData("a (b) c")]
    [InlineData(") Z 1 2")]
    public void It_is_told_by_its_number_its_start_and_the_boot(string name)
    {
        Show(name, "S", 1234);
        var process = _processes.Find(7);
        Assert.Equal(new ProcessIdentity(7, 1234, "first"), process);
        Assert.True(_processes.IsAlive(process!));
        Show(name, "S", 1235);
        Assert.False(_processes.IsAlive(process!));
        Show(name, "S", 1234);
        _files.Write("/proc/sys/kernel/random/boot_id", "second\n");
        Assert.False(_processes.IsAlive(process!));
    }

    [Theory]
    [InlineData("Z")]
    [InlineData("X")]
    public void What_only_waits_to_be_asked_for_its_exit_code_has_ended(string state)
    {
        Show("sh", state, 1234);
        Assert.Null(_processes.Find(7));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(8)]
    public void Nobody_has_a_number_that_is_none(int id)
    {
        Show("sh", "S", 1234);
        Assert.Null(_processes.Find(id));
    }

    [Theory]
    [InlineData("")]
    [InlineData("7 (sh) S 1")]
    [InlineData("7 sh")]
    [InlineData("7 (sh) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 later 0")]
    public void What_is_not_understood_is_no_process(string stat)
    {
        _files.Write("/proc/7/stat", stat);
        Assert.Null(_processes.Find(7));
    }

    private void Show(string name, string state, ulong start) => _files.Write(
        "/proc/7/stat", $"7 ({name}) {state} 1 7 7 0 -1 4194560 100 0 0 0 0 0 0 0 20 0 1 0 {start} 4096 1 18446744073709551615\n");
}
