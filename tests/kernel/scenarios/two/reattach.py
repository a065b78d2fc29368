"""After a reset of its TCP session, at either end, a device comes back without a command; how long that takes against a stock attach.

5 resets at each end, 50 with `--soak`; after them a detach leaves nothing behind.
"""
import itertools
import time

from bench import check, check_descriptors, check_nothing_left, measure, median, milliseconds, poll, start_cluster

CLUSTER = True
TIMEOUT = 420
SOAK = {"resets": 50}
STOCK_ATTACHES = 5
GOAL, FAILS_BEYOND = 1.5, 4
# An attachment that has lived for 10 s starts with a fresh first try; while one lives so long, the others are reset.
SETTLED = 10.5
SERIALS = tuple(f"RESET{number}" for number in range(1, 6))


def run(a, b, resets=5):
    disks = {serial: a.make_disk(serial) for serial in SERIALS}
    daemons = daemon_a, daemon_b = start_cluster(a, b)
    connections, since = {}, {}

    def is_attached(serial):
        """Finds the new connection, by the port that B's end has, and checks what came over it."""
        connections[serial], = set(b.connected()) - {port for other, port in connections.items() if other != serial}
        since[serial] = time.monotonic()
        read = b.checksum(b.find_disk(serial)["device"])
        check(f"content at B of {serial}", read["sha256"], disks[serial]["sha256"])

    for serial in SERIALS:
        daemon_a.rpc("bind", selector=f"serial={serial}")
        daemon_b.rpc("attach", selector=f"serial={serial}", waitSeconds=30)
        is_attached(serial)
    for daemon in daemons:
        poll(f"{daemon.machine.name}'s daemon has closed the connections", lambda: daemon.session_sockets() == [], timeout=5)
    before = [d.vitals() for d in daemons]

    times = {b: [], a: []}
    for end, serial in zip([b, a] * resets, itertools.cycle(SERIALS)):
        time.sleep(max(0, since[serial] + SETTLED - time.monotonic()))
        for machine in (a, b):
            machine.sync_clock()
        begun = b.now()
        reset = end.reset_tcp(connections[serial])
        check(f"reset at {end.name}, connections of {serial}", reset["count"], 1)
        removed = b.wait_uevent(begun, "remove", r"/vhci_hcd\.", "usb_device")
        added = b.wait_imported(removed["time"])
        event = daemon_b.wait_event(begun, '"reattached"')
        times[end].append(b.on_host(added["time"]) - end.on_host(reset["time"]))
        measure("... to uevent", milliseconds(times[end][-1]), "ms")
        measure("... to the daemon's word that it is usable", milliseconds(b.on_host(event["time"]) - end.on_host(reset["time"])), "ms")
        is_attached(serial)

    check("the daemon counts its reattachments", sum(row["reattaches"] for row in daemon_b.ports()), 2 * resets)
    check_descriptors(daemons, before)
    daemon_b.rpc("detach", all=True)
    check_nothing_left(a, b, daemons)
    for daemon in daemons:
        daemon.kill()
    stock = median(stock_attaches(a, b, disks[SERIALS[0]]))
    measure(f"stock usbip attach, start to uevent (median of {STOCK_ATTACHES})", milliseconds(stock), "ms")
    slow = {}
    for end, taken in times.items():
        ours = median(taken)
        measure(f"reset at {end.name} to uevent (median of {resets})", milliseconds(ours), "ms")
        measure(f"... against a stock attach (goal {GOAL}, fails beyond {FAILS_BEYOND})", ours / stock, "x", 2)
        if ours / stock > FAILS_BEYOND:
            slow[end.name] = ours / stock
    check(f"at most {FAILS_BEYOND} times a stock attach", slow, {})


def stock_attaches(a, b, disk):
    """The times of attaches of a disk that is bound to usbip-host already."""
    a.spawn("usbipd", log="/tmp/usbipd.log")
    a.wait_listening(3240)
    for _ in range(STOCK_ATTACHES):
        attach = b.run(f"usbip attach -r {a.address} -b {disk['busid']}")
        added = b.wait_imported(attach["start"])
        b.find_disk(disk["serial"])
        b.sh(f"usbip detach -p {b.vhci_ports()[0]['port']}")
        b.wait_free()
        a.wait_exported(disk["busid"])
        yield added["time"] - attach["start"]
