"""1,000 URBs through an attached device wake neither daemon: their context switches against an idle interval of the same length.

A socket that was left registered with epoll costs its process more than one wake-up for each URB.
"""
from bench import check, measure, poll, start_cluster

CLUSTER = True
READS = 400
SETTLING = 8


def run(a, b):
    disk = a.make_disk("WAKEUPS")
    daemons = start_cluster(a, b)
    daemons[0].rpc("bind", selector="serial=WAKEUPS")
    poll("B knows that it is available", lambda: daemons[1].devices(serial="WAKEUPS", state="available"))
    daemons[1].rpc("attach", selector="serial=WAKEUPS", waitSeconds=30)
    found = b.find_disk("WAKEUPS")
    check("content at B", b.checksum(found["device"])["sha256"], disk["sha256"])
    counter = f"cat /sys/bus/usb/devices/{found['busid']}/urbnum"

    def during(work):
        """What the work returned, and each daemon's context switches meanwhile."""
        before = [d.switches() for d in daemons]
        done = work()
        return done, [d.switches() - was for d, was in zip(daemons, before)]

    def idle(seconds):
        return during(lambda: b.sh(f"sleep {seconds:.2f}", timeout=seconds + 30))[1]

    # The first seconds after an attach are still busy ones.
    idle(SETTLING)
    urbs = int(b.sh(counter))
    interval, busy = during(lambda: b.read_blocks(found["device"], READS))
    urbs = int(b.sh(counter)) - urbs
    seconds = interval["end"] - interval["start"]
    still = idle(seconds)

    check("at least 1,000 URBs went through", urbs >= 1000)
    measure("URBs", urbs)
    measure("interval", seconds, "s")
    for daemon, with_urbs, without in zip(daemons, busy, still):
        name = daemon.machine.name
        measure(f"{name}'s daemon, voluntary context switches with URBs", with_urbs.voluntary, f"({with_urbs})")
        measure(f"{name}'s daemon, voluntary context switches idle", without.voluntary, f"({without})")
    for daemon, with_urbs, without in zip(daemons, busy, still):
        check(f"{daemon.machine.name}'s daemon is not woken by URBs (difference below one in four)",
              with_urbs.voluntary - without.voluntary < urbs / 4)
