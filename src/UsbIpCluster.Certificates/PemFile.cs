using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace UsbIpCluster.Certificates;

/// <summary>A PEM file that is to be written.</summary>
/// <param name="Path">Where.</param>
/// <param name="Text">What is in it.</param>
/// <param name="Secret">Whether it is for its owner alone.</param>
public sealed record PemFile(string Path, string Text, bool Secret)
{
    private const string Unfinished = ".new";

    // A chain with a key is a few kilobytes.
    private const int MaxSize = 1024 * 1024;

    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OfOthers = ~(Own | UnixFileMode.UserExecute);

    /// <summary>
    /// Writes files that belong together: all are on the disk before the first takes its place, and each takes it as a whole. A reader
    /// between two of them finds a key that does not belong to its certificate, and has to look again.
    /// </summary>
    /// <exception cref="CertificateException">One is there already, and they are not to replace anything.</exception>
    /// <exception cref="IOException">It could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It could not be written.</exception>
    public static void WriteAll(IReadOnlyList<PemFile> files, bool replace)
    {
        if (!replace && files.FirstOrDefault(file => File.Exists(file.Path)) is { } there)
            throw new CertificateException($"{there.Path} is there already", "--force replaces it");
        foreach (var file in files)
            file.WriteUnfinished();
        foreach (var file in files)
            File.Move(file.Path + Unfinished, file.Path, replace);
    }

    /// <summary>Reads the certificates of a file.</summary>
    /// <exception cref="CertificateException">It can't be read, or has none.</exception>
    public static X509Certificate2Collection ReadCertificates(string path)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPem(Read(path, secret: false));
        }
        catch (CryptographicException error)
        {
            throw new CertificateException($"{path} is damaged: {error.Message}", "copy it again", error);
        }

        return found.Count > 0 ? found : throw new CertificateException($"{path} has no certificate in it", "it is to be a PEM file");
    }

    /// <summary>Reads a certificate and its key.</summary>
    /// <exception cref="CertificateException">
    /// One of them can't be read, they do not belong together, or others can read the key.
    /// </exception>
    public static X509Certificate2 ReadPair(string certificatePath, string keyPath)
    {
        ReadCertificates(certificatePath);
        var (certificate, key) = (Read(certificatePath, secret: false), Read(keyPath, secret: true));
        if (!key.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            throw new CertificateException($"{keyPath} has no private key in it", "it is to be a PEM file");
        if (key.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            throw new CertificateException(
                $"{keyPath} is encrypted, and nobody is there to ask for its password", "store it without one, mode 0600");
        }

        try
        {
            return X509Certificate2.CreateFromPem(certificate, key);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw new CertificateException(
                $"{keyPath} has no key that belongs to {certificatePath}", "copy both again: they are made and renewed together", error);
        }
    }

    private void WriteUnfinished()
    {
        File.Delete(Path + Unfinished);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = 0,
            UnixCreateMode = Secret ? Own : Own | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
        };
        using var file = new FileStream(Path + Unfinished, options);
        file.Write(Encoding.ASCII.GetBytes(Text));
        file.Flush(flushToDisk: true);
    }

    private static string Read(string path, bool secret)
    {
        try
        {
            using var file = File.OpenHandle(path);
            // As sshd has it: a key that others can read is no secret.
            if (secret && File.GetUnixFileMode(file) is var mode && (mode & OfOthers) != UnixFileMode.None)
            {
                throw new CertificateException(
                    $"{path} can be read by others (mode {Convert.ToString((int)mode, 8)})", $"chmod 600 {path}");
            }

            var bytes = new byte[Math.Min(RandomAccess.GetLength(file), MaxSize)];
            var length = RandomAccess.Read(file, bytes, 0);
            return Encoding.ASCII.GetString(bytes, 0, length);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CertificateException($"{path} is not there", "usbipc ca issue makes a node's files, usbipc ca init the CA's", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CertificateException($"{path} can't be read: {error.Message}", "check who owns it", error);
        }
    }
}
