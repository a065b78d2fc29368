using System.CommandLine;
using UsbIpCluster.Certificates;
using UsbIpCluster.Cli.Output;
using UsbIpCluster.Control;
using UsbIpCluster.Control.Display;

namespace UsbIpCluster.Cli.Commands.Ca;

/// <summary><c>usbipc ca</c>: the cluster's CA and the certificates of its nodes. Files only: no daemon is asked.</summary>
internal sealed class CaCommand : Command
{
    public const string DefaultFolder = "/etc/usbipcluster/pki";

    public CaCommand()
        : base("ca", "Make the cluster's CA, and certificates for its nodes")
    {
        Add(new CaInitCommand());
        Add(new CaIssueCommand());
        Add(new CaRenewCommand());
    }

    /// <summary>An option that takes a folder.</summary>
    public static Option<string?> FolderOption(string name, string description)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = "DIR" };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => string.IsNullOrWhiteSpace(token.Value)))
                result.AddError($"{name} takes a folder");
        });
        return option;
    }

    /// <summary>The nodes that certificates are for.</summary>
    public static Argument<string[]> NodesArgument()
    {
        var argument = new Argument<string[]>("NODE")
        {
            Arity = ArgumentArity.OneOrMore,
            Description = "The node's name, as usbipcd --node has it",
        };
        argument.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (token.Value.StartsWith('-'))
                    result.AddError($"unknown option '{token.Value}'");
                else if (!NodeName.TryParse(token.Value, out _))
                    result.AddError($"'{token.Value}' is no node's name: 1 to 63 letters, digits, dots, dashes and underscores");
                else if (token.Value == "ca")
                    result.AddError("'ca' can't be a node's name here: the CA's own files are called so");
            }
        });
        return argument;
    }

    /// <summary>Does it and shows what was made; what is wrong with a file, or can't be written, becomes the command's error.</summary>
    public static Task RunAsync(Session session, Func<DateTimeOffset, IReadOnlyList<CertificateRow>> work)
    {
        Show(session, Do(session, work));
        return Task.CompletedTask;
    }

    /// <summary>Writes certificates into a folder, which is made where it is not there: for its owner alone.</summary>
    public static IReadOnlyList<CertificateRow> Write(
        string folder, IEnumerable<(string Name, NewCertificate Certificate)> made, bool replace)
    {
        const UnixFileMode ownersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        var certificates = made
            .Select(each => (New: each.Certificate, Path: PathOf(folder, each.Name, "crt"), KeyPath: PathOf(folder, each.Name, "key")))
            .ToList();
        Directory.CreateDirectory(folder, ownersAlone);
        PemFile.WriteAll([.. certificates.SelectMany(each => each.New.FilesAt(each.Path, each.KeyPath))], replace);
        return [.. certificates.Select(each => CertificateRow.Of(each.New.Certificate, each.Path, each.KeyPath))];
    }

    /// <summary>Where a file of a node, or the CA, is in a folder.</summary>
    public static string PathOf(string folder, string name, string kind) => Path.GetFullPath(Path.Combine(folder, $"{name}.{kind}"));

    private static IReadOnlyList<CertificateRow> Do(Session session, Func<DateTimeOffset, IReadOnlyList<CertificateRow>> work)
    {
        try
        {
            return work(session.Surroundings.Clock.GetUtcNow());
        }
        catch (CertificateException error)
        {
            throw new ControlException(ControlError.Failed, error.Message, error.Hint, null, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ControlException(ControlError.Failed, error.Message, "run as root, or choose another folder with --out", null, error);
        }
    }

    private static void Show(Session session, IReadOnlyList<CertificateRow> rows)
    {
        if (session.Json)
        {
            JsonOutput.WriteRows(session.Surroundings.Out, rows, CertificateJson.Default.CertificateRow);
            return;
        }

        var table = new Table(new("FOR"), new("UNTIL"), new("CERTIFICATE", Shrinks: true, Rank: 1), new("KEY", Shrinks: true, Rank: 2));
        foreach (var row in rows)
        {
            var owner = row.Nodes.Count == 0 ? "the CA" : string.Join(", ", row.Nodes);
            table.Add(owner, $"{row.NotAfter.UtcDateTime:yyyy-MM-dd}", row.Certificate, row.Key);
        }

        table.Write(session.Surroundings);
    }
}
