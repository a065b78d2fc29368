"""What must be given back after a detach, in the kernels and in the daemons' own words."""
from errors import CheckFailed
from polling import poll

DESCRIPTOR_SLACK = 2


def left(exporter, importer, daemons):
    """What there still is, by what it is; empty when all of the importer's attachments of the exporter's devices are gone."""
    connected = "ss -Htan state connected exclude time-wait '( sport = :3240 or dport = :3240 )'"
    things = {
        "ports": importer.vhci_ports(),
        "imported devices": importer.usb_devices(imported=True),
        "port files": importer.sh("ls /var/run/vhci_hcd 2>/dev/null || true"),
        "sockets": exporter.sh(connected) + importer.sh(connected),
        "descriptors of sessions": [s for d in daemons for s in d.session_sockets()],
        "attachments": [row for d in daemons for row in d.rpc("port")],
        "devices that are not available": [d for d in exporter.usb_devices(imported=False) if d["usbip_status"] != "1"],
    }
    return {what: found for what, found in things.items() if found}


def check_nothing_left(exporter, importer, daemons):
    """Waits until nothing is left; the scenario ends here with what stays. All of the exporter's devices must be exported."""
    try:
        poll("nothing is left: ports, sockets, descriptors, attachments", lambda: not left(exporter, importer, daemons))
    except CheckFailed as failed:
        raise CheckFailed(f"{failed}: {left(exporter, importer, daemons)}") from failed


def check_descriptors(daemons, before):
    """Waits until each daemon has closed what it opened since these `vitals` were taken."""
    for daemon, was in zip(daemons, before):
        poll(f"{daemon.machine.name}'s daemon has closed what it opened",
             lambda: daemon.vitals()["descriptors"] <= was["descriptors"] + DESCRIPTOR_SLACK)
