namespace UsbIpCluster.Node;

/// <summary>What the configuration exports: every local device that matches, under a name, for those who may have it.</summary>
internal sealed record ExportRule(Selector Match, string? Name, Access Access);

/// <summary>What <c>usbipc bind</c> and <c>usbipc unbind</c> left behind, kept over replug, restart and reboot.</summary>
/// <param name="Match">The devices that it is about.</param>
/// <param name="Export">Whether they are exported, or kept from being exported.</param>
/// <param name="Name">The name that was given; null when nothing was said of it.</param>
/// <param name="Access">Who may have them; null when nothing was said of it.</param>
/// <param name="Protected">
/// It was said of a device that is never exported by itself (<see cref="Protection"/>), so the operator meant it.
/// </param>
/// <param name="All">It was said of all that match, now and later: it holds until it is taken back by the same selector.</param>
internal sealed record KeptExport(Selector Match, bool Export, string? Name, Access? Access, bool Protected, bool All = false);

/// <summary>What is to be done with a device.</summary>
/// <param name="Export">Whether it is exported.</param>
/// <param name="Name">Its name; null when it has none, or is not exported.</param>
/// <param name="Access">Who may have it, also where it is exported by another program.</param>
/// <param name="ByRule">Whether a rule exports it, and no operator has said anything of it.</param>
/// <param name="Withdrawn">
/// Whether it was exported by a rule that is no more: nobody else gets it, and it is unbound when it is free. The holder of a session keeps it.
/// </param>
internal sealed record ExportDecision(bool Export, string? Name, Access Access, bool ByRule = false, bool Withdrawn = false);
