"""B follows a device by its serial number: over a replug, to another port of its host, to another host. By its place, whatever is there.

That is another device for a while, as when a device's bootloader shows itself.
"""
from bench import check, check_nothing_left, measure, patient, poll, start_cluster

CLUSTER = True
TIMEOUT = 420
GOAL, FAILS_BEYOND = 2, 6


def run(a, b, c):
    bootloader = a.make_acm("BOOTLOADER")
    a.unplug(bootloader)
    placed, moved, twin = a.make_disk("PLACE"), a.make_disk("MOVES"), c.make_disk("MOVES")
    daemon_a, daemon_b, daemon_c = start_cluster(a, b, c)
    for daemon, selector in ((daemon_a, placed["busid"]), (daemon_a, "serial=MOVES"), (daemon_c, "serial=MOVES")):
        daemon.rpc("bind", selector=selector)
    # Both hosts have served a device before one is measured: code is generated when it first runs, which takes seconds here.
    a.unplug(moved)
    poll("B knows of one such device", lambda: [row["node"] for row in daemon_b.devices(serial="MOVES")] == ["C"])
    place = f"A/{placed['busid']}"
    ids = {selector: daemon_b.rpc("attach", selector=selector, waitSeconds=30)[0]["id"] for selector in ("serial=MOVES", place)}
    slow = {}

    def has(what, selector, host, device):
        """Checks that B has the device, and that the attachment is the one that was asked for."""
        if "sha256" in device:
            found = b.find_disk(device["serial"])
            check(f"{what}: content at B", b.checksum(found["device"])["sha256"], device["sha256"])
        row = daemon_b.ports(id=ids[selector])[0]
        check(f"{what}: the attachment has it", (row["state"], row["node"], row["busid"], row["serial"]),
              ("attached", host.name, device["busid"], device["serial"]))
        check(f"{what}: B's kernel has it", [d["busid"] for d in b.usb_devices(serial=device["serial"], imported=True)],
              [row["localBusid"]])

    def follows(what, selector, unplug, host, device, udc):
        """Unplugs the one, plugs in the other, and waits for that; how long B takes once the host's kernel offers it."""
        before = b.now()
        unplug[0].unplug(unplug[1])
        daemon_b.wait_event(before, '"lost"', f'"{ids[selector]}"')
        plugged = host.plug(device, udc)
        event = daemon_b.wait_event(before, '"reattached"', f'"{ids[selector]}"', timeout=60)
        offered = host.ask("uevents", after=plugged, action="bind", path=f"/{device['busid']}$", type="usb_device")[-1]
        taken = b.on_host(event["time"]) - host.on_host(offered["time"])
        measure(f"{what}: plugged in to usable at B", b.on_host(event["time"]) - host.on_host(plugged), "s", 2)
        measure(f"{what}: bound to usbip-host to usable at B (goal {GOAL}, fails beyond {FAILS_BEYOND})", taken, "s", 2)
        if taken > patient(FAILS_BEYOND):
            slow[what] = taken
        has(what, selector, host, device)

    has("by serial number", "serial=MOVES", c, twin)
    has("by place", place, a, placed)
    follows("on another host", "serial=MOVES", (c, twin), a, moved, moved["udc"])
    follows("replugged", "serial=MOVES", (a, moved), a, moved, moved["udc"])
    follows("on another port", "serial=MOVES", (a, moved), a, moved, "dummy_udc.3")
    follows("another device at the place", place, (a, placed), a, bootloader, placed["udc"])
    follows("the first one again at the place", place, (a, bootloader), a, placed, placed["udc"])
    check(f"each within {FAILS_BEYOND} s", slow, {})
    check("the daemon counts", [daemon_b.ports(id=ids[s])[0]["reattaches"] for s in ("serial=MOVES", place)], [3, 2])

    daemon_b.rpc("detach", all=True)
    for exporter in (a, c):
        check_nothing_left(exporter, b, [daemon_a, daemon_b, daemon_c])
