"""A host's power fails, first the exporter's, then the importer's: the other one notices within 10 s, and all comes back by itself.

B has two disks of A, one being read and one idle. In the second half it has a third one by the stock tools: that one stays busy, for B too.

Nothing is on its way there when the power fails, so nothing ever tells A's kernel; were there something, A would learn of it from B's
next boot, up to two minutes after that.
"""
import time

from bench import check, check_nothing_left, measure, patient, poll, start_cluster
from daemon import Daemon

CLUSTER = True
TIMEOUT = 480
NOTICED_GOAL, NOTICED_FAILS_BEYOND = 10, 20
BACK_GOAL, BACK_FAILS_BEYOND = 10, 30
READ, IDLE = "READ", "IDLE"
STOCK, STOCK_PORT = "STOCK", 3241
USED = "2"


def run(a, b):
    disks = {serial: a.make_disk(serial, mib=4) for serial in (READ, IDLE)}
    daemon_a, daemon_b = start_cluster(a, b)
    ids = {}
    for serial in disks:
        daemon_a.rpc("bind", selector=f"serial={serial}")
        ids[serial] = daemon_b.rpc("attach", selector=f"serial={serial}", waitSeconds=30)[0]["id"]
    late = {}

    def attached(daemon):
        return {row["serial"]: row["id"] for row in daemon.ports(state="attached")}

    def in_use(daemon):
        return {row["serial"]: row["holder"] for row in daemon.devices(node="A", state="in-use") if row["serial"] in disks}

    def epochs(daemon):
        return {row["serial"]: row["epoch"] for row in daemon.devices(node="A")}

    def dies(machine, survivor, daemon, kind):
        """The machine's power fails while B reads; when the survivor's daemon says that each session is gone. The machine boots meanwhile,
        with its cable pulled: what a booted machine answers would tell."""
        reading = b.begin_reading(b.find_disk(READ))
        before, died = survivor.now(), time.monotonic()
        machine.power_off()
        machine.start()
        machine.cut_link()
        for serial, word in (("read", kind(READ)), ("idle", kind(IDLE))):
            event = daemon.wait_event(before, *word, timeout=60)
            taken = survivor.on_host(event["time"]) - died
            what = f"{machine.name}'s death to {survivor.name}'s word that the disk being {serial} is lost"
            measure(f"{what} (goal {NOTICED_GOAL}, fails beyond {NOTICED_FAILS_BEYOND})", taken, "s", 2)
            if taken > patient(NOTICED_FAILS_BEYOND):
                late[what] = taken
        check("the read has failed", reading.exception() is not None)
        machine.boot()
        machine.cut_link(False)
        measure(f"{machine.name}'s death to its agent", time.monotonic() - died, "s")
        return died

    def comes_back(daemon_of_the_dead, daemon, epochs_before):
        """Both are attached again without a command."""
        poll("B has both again", lambda: attached(daemon) == ids, timeout=90)
        taken = time.monotonic() - daemon_of_the_dead.machine.on_host(daemon_of_the_dead.ready)
        what = f"READY of {daemon_of_the_dead.machine.name}'s daemon to both attached at B"
        measure(f"{what} (goal {BACK_GOAL}, fails beyond {BACK_FAILS_BEYOND})", taken, "s", 2)
        if taken > patient(BACK_FAILS_BEYOND):
            late[what] = taken
        for serial, disk in disks.items():
            read = b.checksum(b.find_disk(serial)["device"])
            check(f"content at B of {serial}", read["sha256"], disk["sha256"])
        poll("A has both in use, by the same attachments of B",
             lambda: in_use(daemon_a) == {serial: f"B/{id}" for serial, id in ids.items()})
        now = epochs(daemon_a)
        check("the leases have higher epochs", [s for s in disks if now[s] <= epochs_before[s]], [])

    before = epochs(daemon_a)
    dies(a, b, daemon_b, lambda serial: ('"lost"', f'"{ids[serial]}"'))
    poll("B's daemon says that A is not reachable", lambda: {d["reachable"] for d in daemon_b.devices(node="A")} == {False})
    for serial in disks:
        check(f"plugged in again: {serial}", a.make_disk(serial, mib=4)["busid"], disks[serial]["busid"])
    daemon_a = Daemon(a, seed=b)
    comes_back(daemon_a, daemon_b, before)

    stock = a.make_disk(STOCK)
    a.sh(f"usbip bind -b {stock['busid']}")
    a.spawn("usbipd", "--tcp-port", str(STOCK_PORT), log="/tmp/usbipd.log")
    a.wait_listening(STOCK_PORT)
    stock_attach = f"usbip --tcp-port {STOCK_PORT} attach -r {a.address} -b {stock['busid']}"
    b.sh(stock_attach)
    check("content at B of the stock tools' disk", b.checksum(b.find_disk(STOCK)["device"])["sha256"], stock["sha256"])
    waiting = f"ss -Htn state established sport = :{STOCK_PORT}"
    poll("B has acknowledged everything of it", lambda: [row.split()[1] for row in a.sh(waiting).splitlines()] == ["0"])

    before = epochs(daemon_a)
    died = dies(b, a, daemon_a, lambda serial: ('"session-ended"', f'"{disks[serial]["busid"]}"'))
    daemon_b = Daemon(b, seed=a)
    comes_back(daemon_b, daemon_b, before)

    again = b.run(stock_attach)
    measure("B's death to another stock attach", time.monotonic() - died, "s")
    check(f"... which is refused: {again['out'].strip().splitlines()[-1]}", (again["code"] != 0, "busy" in again["out"]), (True, True))
    check("A's kernel says that it is used", a.usb_devices(serial=STOCK)[0]["usbip_status"], USED)
    a.sh(f"echo -n -1 > /sys/bus/usb/devices/{stock['busid']}/usbip_sockfd")
    a.wait_exported(stock["busid"])
    ours = {port["port"] for port in b.vhci_ports()}
    b.sh(stock_attach)
    check("only when A's administrator has ended the session by hand, B has it",
          b.checksum(b.find_disk(STOCK)["device"])["sha256"], stock["sha256"])
    port, = {port["port"] for port in b.vhci_ports()} - ours
    b.sh(f"usbip detach -p {port}")

    refused = [e["params"] for e in b.ask("notes", name="events") if "held by" in str(e["params"])]
    check("no device was busy", refused, [])
    check(f"noticed within {NOTICED_FAILS_BEYOND} s, back within {BACK_FAILS_BEYOND} s", late, {})
    daemon_b.rpc("detach", all=True)
    check_nothing_left(a, b, [daemon_a, daemon_b])
