"""B's daemon is killed and stopped while B reads A's disk: the next one adopts the port. What it finds gone it attaches.

What the stock `usbip` has attached is shown and left alone, and so is everything when the file of attachments is damaged.
"""
from bench import check, measure, milliseconds, poll, start_cluster
from daemon import LOG, Daemon
from reading import Reading

CLUSTER = True
TIMEOUT = 480
STOCK_PORT = 3241
STATE = "/var/lib/usbipcluster/attachments.json"


def run(a, b):
    mine, foreign = a.make_disk("MINE", mib=2), a.make_disk("FOREIGN")
    daemon_a, daemon_b = start_cluster(a, b)
    for serial in ("MINE", "FOREIGN"):
        daemon_a.rpc("bind", selector=f"serial={serial}")
    attached = daemon_b.rpc("attach", selector="serial=MINE", waitSeconds=30)[0]
    a.spawn("usbipd", "--tcp-port", str(STOCK_PORT), log="/tmp/usbipd.log")
    a.wait_listening(STOCK_PORT)
    b.sh(f"usbip --tcp-port {STOCK_PORT} attach -r {a.address} -b {foreign['busid']}")
    b.find_disk("FOREIGN")
    lease = daemon_a.devices(serial="MINE")[0]
    ports, connections, stock_connections = b.vhci_ports(), b.connected(), b.connected(STOCK_PORT)

    def kept(daemon):
        return [(row["id"], row["state"], row["port"], row["selector"], row["serial"], row["localBusid"])
                for row in daemon.ports() if row["id"]]

    def others(daemon):
        return [(row["state"], row["port"], row["busid"]) for row in daemon.ports() if not row["id"]]

    at_first = kept(daemon_b)
    beside = poll("B's daemon shows what the stock usbip has attached", lambda: [o for o in others(daemon_b) if o[0] == "attached"])
    check("... by its bus id", [busid for _, _, busid in beside], [foreign["busid"]])

    found = b.find_disk("MINE")
    before, began = b.sectors_read(found["device"]), b.now()
    reading = Reading(b, found)
    poll("B reads", lambda: b.sectors_read(found["device"]) > before)
    check("SIGKILL of B's daemon", daemon_b.kill("KILL"), -9)
    daemon_b = Daemon(b, seed=a)
    poll("B's next daemon has the same attachment on the same port", lambda: kept(daemon_b) == at_first)
    measure("... READY to that", milliseconds(b.now() - daemon_b.ready), "ms")
    check("... and shows the stock one, without an id", others(daemon_b), beside)
    check("content at B, read over the restart", reading.end(), {mine["sha256"]})
    check("the kernel's ports are the same", b.vhci_ports(), ports)
    check("the connections are the same", b.connected(), connections)
    check("no USB device came or went", b.ask("uevents", after=began, path=r"/vhci_hcd\.", type="usb_device"), [])
    same = [("in-use", lease["holder"], lease["epoch"])]
    poll("A's daemon sees the same lease",
         lambda: [(row["state"], row["holder"], row["epoch"]) for row in daemon_a.devices(serial="MINE")] == same)

    before = b.reset_tcp()["time"]
    event = daemon_b.wait_event(before, '"reattached"', f'"{attached["id"]}"')
    measure("reset of the adopted session to usable", milliseconds(event["time"] - before), "ms")
    check("content at B", b.checksum(b.find_disk("MINE")["device"])["sha256"], mine["sha256"])

    for daemon in (daemon_a, daemon_b):
        check(f"SIGKILL of {daemon.machine.name}'s daemon", daemon.kill("KILL"), -9)
    reset = b.reset_tcp()
    check("connections that were reset while no daemon ran", reset["count"], 1)
    b.wait_uevent(reset["time"], "remove", r"/vhci_hcd\.", "usb_device")
    daemon_a, daemon_b = start_cluster(a, b)
    poll("B has it again, by the same attachment",
         lambda: [(row["id"], row["state"]) for row in daemon_b.ports(serial="MINE")] == [(attached["id"], "attached")])
    measure("READY of B's daemon to that", milliseconds(b.now() - daemon_b.ready), "ms")
    found = b.find_disk("MINE")
    check("content at B", b.checksum(found["device"])["sha256"], mine["sha256"])
    check("the stock one is still beside it", (others(daemon_b), b.connected(STOCK_PORT)), (beside, stock_connections))

    port, = [row["port"] for row in daemon_b.ports(serial="MINE")]
    ports, connections, began, reading = b.vhci_ports(), b.connected(), b.now(), Reading(b, found)
    check("SIGTERM of B's daemon", daemon_b.kill("TERM"), 0)
    b.sh(f"head -c $(($(wc -c < {STATE}) / 2)) {STATE} > /tmp/torn; cat /tmp/torn > {STATE}")
    check("the log says nothing of a damaged file yet", "attachments.json.broken" in b.sh(f"cat {LOG}"), False)
    daemon_b = Daemon(b, seed=a)
    said = [line for line in b.sh(f"cat {LOG}").splitlines() if "attachments.json.broken" in line]
    check(f"after half of the file was lost B's daemon starts, and says so: {' '.join(said)}", len(said), 1)
    check("the file is put aside", b.run(f"cmp {STATE}.broken /tmp/torn")["code"], 0)
    poll("the device is shown as somebody else's", lambda: not kept(daemon_b) and port in [port for _, port, _ in others(daemon_b)])
    check("content at B, read over that", reading.end(), {mine["sha256"]})
    check("the kernel's ports and the connections are the same", (b.vhci_ports(), b.connected()), (ports, connections))
    check("no USB device came or went", b.ask("uevents", after=began, path=r"/vhci_hcd\.", type="usb_device"), [])
