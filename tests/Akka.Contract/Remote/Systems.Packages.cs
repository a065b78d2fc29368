using Akka.Actor;
using Akka.Configuration;

namespace Akka.Contract.Remote;

/// <summary>Systems that reach each other, of the build at hand: here Akka.NET.</summary>
internal static partial class Systems
{
    private static ActorSystem New(int port, int? publicPort, Action<string> log) => ActorSystem.Create(Name, ConfigurationFactory.ParseString($$"""
        akka {
          stdout-loglevel = OFF
          loglevel = OFF
          actor {
            provider = cluster
            serializers.contract = "{{typeof(ContractSerializer).FullName}}, {{typeof(ContractSerializer).Assembly.GetName().Name}}"
            serialization-bindings."{{typeof(IContractMessage).FullName}}, {{typeof(IContractMessage).Assembly.GetName().Name}}" = contract
          }
          remote.dot-netty.tcp {
            hostname = 127.0.0.1
            port = {{port}}
            public-port = {{publicPort ?? port}}
          }
          remote.retry-gate-closed-for = 200ms
          cluster {
            downing-provider-class = ""
            run-coordinated-shutdown-when-down = off
            retry-unsuccessful-join-after = 1s
            seed-node-timeout = 1s
            gossip-interval = 200ms
            leader-actions-interval = 200ms
            unreachable-nodes-reaper-interval = 200ms
            periodic-tasks-initial-delay = 100ms
            failure-detector.heartbeat-interval = {{Heartbeat.TotalMilliseconds}}ms
            failure-detector.acceptable-heartbeat-pause = {{Pause.TotalMilliseconds}}ms
            failure-detector.expected-response-after = 200ms
          }
          coordinated-shutdown {
            exit-clr = off
            run-by-clr-shutdown-hook = off
            run-by-actor-system-terminate = off
          }
        }
        """));
}
