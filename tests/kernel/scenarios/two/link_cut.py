"""The link is cut while B reads a disk of A: after 3 s and 5 s the session goes on; after 60 s it is lost and comes back."""
import time

from bench import check, check_nothing_left, measure, patient, poll, start_cluster

CLUSTER = True
TIMEOUT = 480
SHORT, LONG = (3, 5), 60
GOAL, FAILS_BEYOND = 5, 20


def run(a, b):
    disk = a.make_disk("LINKCUT", mib=4)
    daemons = daemon_a, daemon_b = start_cluster(a, b)
    daemon_a.rpc("bind", selector="serial=LINKCUT")
    attached = daemon_b.rpc("attach", selector="serial=LINKCUT", waitSeconds=30)[0]
    found = b.find_disk("LINKCUT")

    for seconds in SHORT:
        reading = b.begin_reading(found)
        a.cut_link()
        time.sleep(seconds)
        check(f"the read waits while the link is cut for {seconds} s", not reading.done())
        a.cut_link(False)
        check("content at B, read over the cut", reading.result()["sha256"], disk["sha256"])
        ports = daemon_b.rpc("port")
        check("the session is the same", [(port["state"], port["reattaches"]) for port in ports], [("attached", 0)])

    reading = b.begin_reading(found)
    at_a, at_b = a.now(), b.now()
    a.cut_link()
    cut = time.monotonic()
    for daemon, before, kind in ((daemon_b, at_b, '"lost"'), (daemon_a, at_a, '"session-ended"')):
        event = daemon.wait_event(before, kind)
        measure(f"cut to {daemon.machine.name}'s word that the session is lost", daemon.machine.on_host(event["time"]) - cut, "s", 2)
    time.sleep(max(0, cut + LONG - time.monotonic()))
    check("the read has failed", reading.exception() is not None)
    a.cut_link(False)
    healed = time.monotonic()
    event = daemon_b.wait_event(at_b, '"reattached"', timeout=90)
    taken = b.on_host(event["time"]) - healed
    measure(f"heal to usable at B, after {LONG} s (goal {GOAL}, fails beyond {FAILS_BEYOND})", taken, "s", 2)
    check("content at B", b.checksum(b.find_disk("LINKCUT")["device"])["sha256"], disk["sha256"])
    check("it is the same attachment", [row["id"] for row in daemon_b.ports(state="attached")], [attached["id"]])
    poll("A has it in use by the same holder",
         lambda: [row["holder"] for row in daemon_a.devices(state="in-use")] == [f"B/{attached['id']}"])
    check(f"within {FAILS_BEYOND} s", taken <= patient(FAILS_BEYOND))
    daemon_b.rpc("detach", all=True)
    check_nothing_left(a, b, daemons)
