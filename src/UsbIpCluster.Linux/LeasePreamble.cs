using UsbIpCluster.Protocol;

namespace UsbIpCluster.Linux;

/// <summary>What an importer says of its lease before OP_REQ_IMPORT.</summary>
/// <param name="LeaseId">The lease.</param>
/// <param name="Resume">Whether it resumes the session that the lease succeeds, without having asked for it over the cluster.</param>
public readonly record struct LeasePreamble(LeaseId LeaseId, bool Resume)
{
    internal OpRequest ToRequest() => Resume ? new OpRequest.ResumeLease(LeaseId) : new OpRequest.UseLease(LeaseId);
}
