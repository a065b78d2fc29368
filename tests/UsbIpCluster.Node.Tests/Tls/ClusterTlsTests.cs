using UsbIpCluster.Certificates;
using UsbIpCluster.Testing;

namespace UsbIpCluster.Node.Tests;

/// <summary>The files of TLS, looked at again and again.</summary>
public sealed class ClusterTlsTests : IDisposable
{
    private static readonly NodeName Lab1 = NodeName.Parse("lab1");
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    private readonly TestPki _pki = new();
    private readonly TlsFiles _files;
    private readonly ClusterTls _tls;

    public ClusterTlsTests()
    {
        _files = _pki.Issue("lab1");
        _tls = ClusterTls.Load(_files, Lab1, Now);
    }

    public void Dispose() => _pki.Dispose();

    [Fact]
    public void What_is_wrong_is_an_error_of_the_configuration_with_the_file_and_what_to_do()
    {
        File.SetUnixFileMode(_files.Key, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        var error = Assert.Throws<ConfigurationException>(() => ClusterTls.Load(_files, Lab1, Now));
        Assert.Equal($"cluster.tls: {_files.Key} can be read by others (mode 440); chmod 600 {_files.Key}", error.Message);
    }

    [Fact]
    public void Files_that_are_as_they_were_are_nothing_new()
    {
        var before = _tls.Current;
        File.SetLastWriteTimeUtc(_files.Certificate, DateTime.UtcNow.AddHours(1));
        Assert.IsType<TlsLook.Unchanged>(_tls.Look(Now));
        Assert.Same(before, _tls.Current);
    }

    [Fact]
    public void New_files_take_the_place_of_the_old_ones()
    {
        var before = _tls.Current.Certificate.SerialNumber;
        _pki.Issue("lab1");
        Assert.IsType<TlsLook.Renewed>(_tls.Look(Now));
        Assert.NotEqual(before, _tls.Current.Certificate.SerialNumber);
        Assert.IsType<TlsLook.Unchanged>(_tls.Look(Now));
    }

    [Fact]
    public void Files_of_which_only_one_has_been_replaced_are_waited_for()
    {
        var key = File.ReadAllText(_files.Key);
        _pki.Issue("lab1");
        var newKey = File.ReadAllText(_files.Key);
        File.WriteAllText(_files.Key, key);
        Assert.IsType<TlsLook.Unchanged>(_tls.Look(Now));
        File.WriteAllText(_files.Key, newKey);
        Assert.IsType<TlsLook.Renewed>(_tls.Look(Now));
    }

    [Fact]
    public void Files_that_stay_broken_are_told_once_and_the_old_ones_stay_in_use()
    {
        var before = _tls.Current;
        var key = File.ReadAllText(_files.Key);
        File.WriteAllText(_files.Key, "nonsense");
        Assert.IsType<TlsLook.Unchanged>(_tls.Look(Now));
        Assert.Contains(_files.Key, Assert.IsType<TlsLook.Broken>(_tls.Look(Now)).Why, StringComparison.Ordinal);
        Assert.IsType<TlsLook.Unchanged>(_tls.Look(Now));
        Assert.Same(before, _tls.Current);

        File.WriteAllText(_files.Key, key);
        Assert.IsType<TlsLook.Unchanged>(_tls.Look(Now));
        File.Delete(_files.Key);
        Assert.IsType<TlsLook.Unchanged>(_tls.Look(Now));
        Assert.IsType<TlsLook.Broken>(_tls.Look(Now));
    }

    [Fact]
    public void A_certificate_that_is_there_before_its_time_is_taken_when_that_has_come()
    {
        _pki.Issue("lab1", Now.AddDays(2));
        Assert.IsType<TlsLook.Unchanged>(_tls.Look(Now));
        Assert.IsType<TlsLook.Broken>(_tls.Look(Now));
        Assert.IsType<TlsLook.Renewed>(_tls.Look(Now.AddDays(3)));
    }

    [Fact]
    public void A_certificate_of_another_node_is_not_taken()
    {
        var other = _pki.Issue("lab2");
        File.Copy(other.Certificate, _files.Certificate, overwrite: true);
        File.Copy(other.Key, _files.Key, overwrite: true);
        _tls.Look(Now);
        Assert.Contains("this node is lab1", Assert.IsType<TlsLook.Broken>(_tls.Look(Now)).Why, StringComparison.Ordinal);
    }
}
