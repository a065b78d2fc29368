"""A device that was bound stays exported: over replug, on another port too, over SIGTERM and SIGKILL of the daemon, and a reboot.

One is bound by serial number, one by bus id, one by a rule in the configuration. Unbind gives a device back to its own driver for good.
"""
from bench import check, fails, measure, poll, start_cluster
from daemon import Daemon

CLUSTER = True
TIMEOUT = 420
SERIALS = ("BYSERIAL", "BYBUSID", "BYRULE")
CONFIG = {"exports": [{"match": "serial=BYRULE", "name": "ruled"}]}


def run(a, b):
    disks = {serial: a.make_disk(serial) for serial in SERIALS}
    without_rule, at_b = start_cluster(a, b)
    without_rule.kill("TERM")
    daemon = Daemon(a, seed=b, config=CONFIG)

    def exported(where, what, serials=SERIALS, timeout=30):
        wanted = {(serial, disks[serial]["busid"]) for serial in serials}
        poll(f"{what}: available, {', '.join(serials)}", lambda: wanted <= {
            (d["serial"], d["busid"]) for d in where.devices(state="available", reachable=True)}, timeout)

    def unplug(*serials):
        for serial in serials:
            a.unplug(disks[serial])
        poll(f"unplugged: {', '.join(serials)}", lambda: not {d["serial"] for d in daemon.rpc("list")} & set(serials))

    def drivers(serials=SERIALS):
        return {d["serial"]: d["driver"] for d in a.usb_devices(imported=False) if d["serial"] in serials}

    exported(daemon, "the rule alone", ["BYRULE"])
    check("it has its name", daemon.devices(serial="BYRULE")[0]["name"], "ruled")
    for selector in ("serial=BYSERIAL", disks["BYBUSID"]["busid"]):
        bound = daemon.rpc("bind", selector=selector)
        check(f"bind {selector}", [row["state"] for row in bound], ["available"])

    unplug(*SERIALS)
    plugged = {serial: a.plug(disk) for serial, disk in disks.items()}
    exported(daemon, "after a replug")
    check("usbip-host has them", set(drivers().values()), {"usbip-host"})
    measure("the first plugged in to all available", a.now() - min(plugged.values()), "s", 2)
    for serial in ("BYSERIAL", "BYRULE"):
        unplug(serial)
        a.plug(disks[serial], udc="dummy_udc.3")
        exported(daemon, f"on another port ({disks[serial]['busid']})", [serial])
        unplug(serial)
        a.plug(disks[serial])
        exported(daemon, "and back", [serial])

    for signal in ("TERM", "KILL"):
        before = a.now()
        daemon.kill(signal)
        check(f"SIG{signal} of the daemon: usbip-host keeps them", set(drivers().values()), {"usbip-host"})
        daemon = Daemon(a, seed=b, config=CONFIG)
        exported(daemon, f"the daemon started after SIG{signal}")
        given = [e["path"] for e in a.ask("uevents", after=before, type="usb_device") if e["action"] in ("bind", "unbind")]
        check("nothing was given back meanwhile", given, [])

    daemon.kill("TERM")
    measure("A boots again in", a.reboot(), "s")
    disks = {serial: a.make_disk(serial) for serial in SERIALS}
    check("after the reboot their own driver has them", set(drivers().values()), {"usb"})
    daemon = Daemon(a, seed=b, config=CONFIG)
    exported(daemon, "A's daemon after the reboot")
    measure("READY of A's daemon to A's word that all are available", a.now() - daemon.ready, "s", 2)
    exported(at_b, "at B", timeout=60)

    for serial in ("BYSERIAL", "BYBUSID"):
        daemon.rpc("unbind", selector=f"serial={serial}")
        local = a.find_disk(serial, imported=False)
        check(f"unbind of {serial}: A's own disk", a.checksum(local["device"])["sha256"], disks[serial]["sha256"])
        unplug(serial)
        a.plug(disks[serial])
        poll("plugged in again", lambda: daemon.devices(serial=serial))
        local = a.find_disk(serial, imported=False)
        check("after a replug A's own disk again", a.checksum(local["device"])["sha256"], disks[serial]["sha256"])
        check("... which is not exported", [row["state"] for row in daemon.devices(serial=serial)], ["unbound"])
    fails("B asks for it", 4, lambda: at_b.rpc("attach", selector="serial=BYSERIAL"))
    exported(daemon, "the other one is still", ["BYRULE"])
