"""The daemons can't reach each other, sessions can: a read goes on, and a device whose session is reset comes back nevertheless.

B resumes its lease at A's own address. When the cluster heals, nothing is disturbed.
"""
from bench import check, check_nothing_left, measure, milliseconds, poll, start_cluster

CLUSTER = True


def run(a, b):
    disk = a.make_disk("CLUSTERCUT", mib=4)
    daemons = daemon_a, daemon_b = start_cluster(a, b)
    daemon_a.rpc("bind", selector="serial=CLUSTERCUT")
    attached = daemon_b.rpc("attach", selector="serial=CLUSTERCUT", waitSeconds=30)[0]
    check("the session does not use the cluster's address", attached["endpoint"], f"{a.address}:3240")
    found = b.find_disk("CLUSTERCUT")
    holder = f"B/{attached['id']}"

    def session():
        """The state, port and reattachments at B, and the connection."""
        return [(row["state"], row["port"], row["reattaches"]) for row in daemon_b.ports(id=attached["id"])], b.connected()

    def reach(daemon, other):
        return [node["reachable"] for node in daemon.rpc("nodes") if node["node"] == other]

    before = session()
    reading = b.begin_reading(found)
    b.cut_cluster()
    cut = b.now()
    poll("A's daemon does not reach B", lambda: reach(daemon_a, "B") == [False])
    poll("B's daemon does not reach A", lambda: reach(daemon_b, "A") == [False])
    measure("cut to both daemons' word", b.now() - cut, "s", 2)
    check("content at B, read over the cut of the cluster", reading.result()["sha256"], disk["sha256"])
    check("... and read while it is cut", b.checksum(found["device"])["sha256"], disk["sha256"])
    check("the session is the same", session(), before)

    epoch = daemon_a.devices(serial="CLUSTERCUT")[0]["epoch"]
    reset = b.reset_tcp()
    check("connections that were reset", reset["count"], 1)
    event = daemon_b.wait_event(reset["time"], '"reattached"', timeout=60)
    measure("reset to usable at B, with the cluster cut", milliseconds(event["time"] - reset["time"]), "ms")
    found = b.find_disk("CLUSTERCUT")
    check("content at B", b.checksum(found["device"])["sha256"], disk["sha256"])
    check("the daemons do not reach each other still", (reach(daemon_a, "B"), reach(daemon_b, "A")), ([False], [False]))
    row = daemon_a.devices(serial="CLUSTERCUT")[0]
    check("A has it in use by the same holder", (row["state"], row["holder"]), ("in-use", holder))
    check("... who resumed: the epoch is higher", row["epoch"] > epoch)

    before = session()
    reading = b.begin_reading(found)
    b.cut_cluster(False)
    healed = b.now()
    poll("A's daemon reaches B", lambda: reach(daemon_a, "B") == [True], timeout=60)
    poll("B's daemon reaches A", lambda: reach(daemon_b, "A") == [True], timeout=60)
    measure("heal to both daemons' word", b.now() - healed, "s", 2)
    poll("B knows what A says", lambda: [(d["state"], d["holder"], d["epoch"]) for d in daemon_b.devices(serial="CLUSTERCUT")]
         == [("in-use", holder, row["epoch"])])
    check("content at B, read over the heal", reading.result()["sha256"], disk["sha256"])
    check("the session is the same", session(), before)
    daemon_b.rpc("detach", all=True)
    check_nothing_left(a, b, daemons)
