namespace Akka.Cluster;

/// <summary>How a node comes in: knocking at others, founding a cluster, and letting others in.</summary>
internal sealed partial class ClusterDaemon
{
    /// <param name="knockAt">Where to ask to be let in; the answers of others don't count.</param>
    /// <param name="foundAt">When to found a cluster if nobody has let this node in.</param>
    private void Outside(ImmutableArray<Address> knockAt, TimeSpan foundAt)
    {
        Address? chosen = null;
        Receive<object>(_ => Knock(), message => message == s_retry);
        Receive<JoinTo>(join => TryToJoin([join.Address], foundAt: join.Address == _self.Address ? Clock : TimeSpan.MaxValue));
        Receive<JoinAnyOf>(join => TryToJoin(
            join.Seeds, foundAt: join.Seeds.FirstOrDefault() == _self.Address ? Clock + _settings.SeedTimeout : TimeSpan.MaxValue));
        Receive<Received>(received =>
        {
            switch (received.Message)
            {
                case ClusterMessage.InitJoinAck when chosen is null && knockAt.Contains(received.From.Address):
                    chosen = received.From.Address;
                    Send(chosen, new ClusterMessage.Join());
                    break;
                case ClusterMessage.Welcome welcome when knockAt.Contains(received.From.Address)
                    && welcome.Table.Status(_self) is MemberStatus.Joining or MemberStatus.Up:
                    Enter(welcome.Table);
                    break;
            }
        });
        Always();

        void Knock()
        {
            chosen = null;
            if (Clock >= foundAt)
            {
                Enter(MembershipTable.Empty.With(_self, MemberStatus.Joining, Now));
                return;
            }

            foreach (var address in knockAt.Where(address => address != _self.Address))
                Send(address, new ClusterMessage.InitJoin());
        }
    }

    private void TryToJoin(ImmutableArray<Address> knockAt, TimeSpan foundAt)
    {
        Become(() => Outside(knockAt, foundAt));
        Timers.StartPeriodicTimer(s_retry, s_retry, TimeSpan.Zero, _settings.JoinRetryInterval);
    }

    private void Enter(MembershipTable table)
    {
        Timers.Cancel(s_retry);
        Timers.StartPeriodicTimer(s_tick, s_tick, TimeSpan.Zero, _settings.HeartbeatInterval);
        Become(Member);
        Update(table, tell: false);
        Update(_table.With(_self, MemberStatus.Up, Now), tell: true);
    }

    private void LetIn(UniqueAddress joining)
    {
        var status = _table.Status(joining);
        if (_cluster.SelfMember.Status > MemberStatus.Up || status > MemberStatus.Up)
        {
            _log.Warning("{0} wants to join, but {1} is {2} and it is {3}", joining, _self.Address, _cluster.SelfMember.Status, status);
            return;
        }

        if (status is null)
        {
            if (_table.At(joining.Address) is { } old)
            {
                _log.Info("{0} has come back as {1}; the old one is removed", old, joining);
                Remove(old.UniqueAddress, tell: false);
            }

            Update(_table.With(joining, MemberStatus.Joining, Now), tell: true);
        }

        Send(joining.Address, new ClusterMessage.Welcome(_table));
    }
}
