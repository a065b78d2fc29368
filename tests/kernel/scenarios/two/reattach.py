"""After a reset of the TCP session the device comes back without a command; how long that takes against a stock `usbip attach`."""
import time

from bench import check, measure, median, milliseconds, poll, start_cluster

TIMEOUT = 240
ROUNDS = 5
FAILS_BEYOND, GOAL = 4, 2
# An attachment that has lived for 10 s starts with a fresh first try.
SETTLED = 10.5


def run(a, b):
    disk = a.make_disk("REATTACH")
    stock = median(stock_attaches(a, b, disk))
    measure(f"stock usbip attach, start to uevent (median of {ROUNDS})", milliseconds(stock), "ms")

    daemon_a, daemon_b = start_cluster(a, b)
    daemon_a.rpc("bind", selector="serial=REATTACH")
    poll("B knows that it is available", lambda: daemon_b.devices(serial="REATTACH", state="available"))
    daemon_b.rpc("attach", selector="serial=REATTACH", waitSeconds=30)
    b.find_disk("REATTACH")

    times = []
    # The first by `ss -K` itself; the others without the time that a process takes to start.
    for round in range(1 + ROUNDS):
        time.sleep(SETTLED)
        if round == 0:
            before = b.now()
            b.sh(f"ss -K dst {a.address} dport = 3240")
        else:
            before = b.reset_tcp()["time"]
        removed = b.wait_uevent(before, "remove", r"/vhci_hcd\.", "usb_device")
        added = b.wait_imported(removed["time"])
        event = daemon_b.wait_event(before, "reattached")
        if round > 0:
            times.append(added["time"] - before)
        measure(f"round {round}: reset to uevent", milliseconds(added["time"] - before), "ms")
        measure(f"round {round}: reset to the daemon's word that it is usable", milliseconds(event["time"] - before), "ms")
        found = b.find_disk("REATTACH")
        check("content at B", b.checksum(found["device"])["sha256"], disk["sha256"])
    check("the daemon counts its reattachments", daemon_b.ports()[0]["reattaches"], 1 + ROUNDS)

    ours = median(times)
    measure(f"reset to uevent (median of {len(times)})", milliseconds(ours), "ms")
    measure(f"against a stock attach (goal {GOAL}, fails beyond {FAILS_BEYOND})", ours / stock, "x", 2)
    check(f"at most {FAILS_BEYOND} times a stock attach", ours / stock <= FAILS_BEYOND)


def stock_attaches(a, b, disk):
    a.sh(f"usbip bind -b {disk['busid']}")
    usbipd = a.spawn("usbipd", log="/tmp/usbipd.log")
    a.wait_listening(3240)
    for _ in range(ROUNDS):
        attach = b.run(f"usbip attach -r {a.address} -b {disk['busid']}")
        added = b.wait_imported(attach["start"])
        b.find_disk(disk["serial"])
        b.sh(f"usbip detach -p {b.vhci_ports()[0]['port']}")
        b.wait_free()
        a.wait_exported(disk["busid"])
        yield added["time"] - attach["start"]
    a.kill(usbipd)
    a.sh(f"usbip unbind -b {disk['busid']}")
