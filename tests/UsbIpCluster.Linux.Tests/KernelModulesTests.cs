using UsbIpCluster.Devices;
using UsbIpCluster.Linux.Tests.Fakes;

namespace UsbIpCluster.Linux.Tests;

public sealed class KernelModulesTests : IDisposable
{
    private static readonly KernelModule Module = KernelModule.VhciHcd;
    private readonly TempFolder _root = new();
    private readonly Sysfs _sysfs;

    public KernelModulesTests() => _sysfs = new Sysfs(_root.Path);

    public void Dispose() => _root.Dispose();

    private string Loaded => _root.Path + Module.Directory;

    [Fact]
    public async Task A_loaded_module_is_left_alone()
    {
        Directory.CreateDirectory(Loaded);
        await new KernelModules(_sysfs, "/absent").EnsureAsync(Module, CancellationToken.None);
    }

    [Fact]
    public async Task A_missing_module_is_loaded()
    {
        var modules = new KernelModules(_sysfs, Script($"[ \"$1\" = vhci-hcd ] && mkdir -p {Loaded}"));
        await modules.EnsureAsync(Module, CancellationToken.None);
        Assert.True(modules.IsLoaded(Module));
    }

    [Fact]
    public async Task A_module_that_can_not_be_loaded_is_an_error_that_quotes_modprobe()
    {
        var modules = new KernelModules(_sysfs, Script("echo 'FATAL: Module vhci-hcd not found' >&2; exit 1"));
        var error = await MissingAsync(modules);
        Assert.Contains("not found", error.Message, StringComparison.Ordinal);
        Assert.Equal("modprobe vhci-hcd", error.Hint);
    }

    [Fact]
    public async Task A_modprobe_that_lies_is_found_out() =>
        Assert.Contains("yet it is not there", (await MissingAsync(new KernelModules(_sysfs, Script("exit 0")))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_modprobe_that_is_not_there_is_an_error() =>
        Assert.Contains("could not be run", (await MissingAsync(new KernelModules(_sysfs, "/absent"))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Where_nothing_may_be_loaded_it_says_so() =>
        Assert.Contains("switched off", (await MissingAsync(new KernelModules(_sysfs, modprobe: null))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task It_tries_only_once()
    {
        var count = _root.Combine("count");
        var modules = new KernelModules(_sysfs, Script($"echo x >> {count}; exit 1"));
        await MissingAsync(modules);
        await MissingAsync(modules);
        Assert.Single(await File.ReadAllLinesAsync(count));
    }

    [Fact]
    public async Task A_module_that_is_loaded_by_hand_later_is_found()
    {
        var modules = new KernelModules(_sysfs, modprobe: null);
        await MissingAsync(modules);
        Directory.CreateDirectory(Loaded);
        await modules.EnsureAsync(Module, CancellationToken.None);
    }

    private static async Task<DeviceException> MissingAsync(KernelModules modules)
    {
        var error = await Assert.ThrowsAsync<DeviceException>(() => modules.EnsureAsync(Module, CancellationToken.None));
        Assert.Equal(DeviceError.ModuleMissing, error.Error);
        return error;
    }

    private string Script(string text)
    {
        var path = _root.Combine("modprobe");
        File.WriteAllText(path, $"#!/bin/sh\n{text}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
