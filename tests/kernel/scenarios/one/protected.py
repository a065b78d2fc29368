"""A rule exports no keyboard, a command that names it does; what the rule may export is exported."""
from bench import check, poll

RULES = {"exports": [{"match": "class=hid"}, {"match": "class=hub"}, {"match": "class=mass-storage"}]}


def run(a):
    keyboard, disk = a.make_hid("KEYBOARD"), a.make_disk("DISK")
    daemon = a.start_daemon(config=RULES)
    poll("the disk is exported", lambda: daemon.devices(serial="DISK", state="available"))
    check("the keyboard is not", [row["state"] for row in daemon.devices(serial="KEYBOARD")], ["unbound"])
    check("... its own driver has it", a.usb_devices(serial="KEYBOARD")[0]["driver"], "usb")
    a.unplug(keyboard)
    poll("it is gone", lambda: not daemon.devices(serial="KEYBOARD"))
    a.plug(keyboard)
    a.unplug(disk)
    a.plug(disk)
    poll("usbip-host has the disk after a replug", lambda: a.usb_devices(serial="DISK", driver="usbip-host"))
    poll("the keyboard is there after a replug", lambda: daemon.devices(serial="KEYBOARD"))
    check("... and not exported", daemon.devices(serial="KEYBOARD")[0]["state"], "unbound")
    check("nothing else is", {d["serial"] for d in a.usb_devices(driver="usbip-host")}, {"DISK"})

    check("bind by its serial number exports it", [r["state"] for r in daemon.rpc("bind", selector="serial=KEYBOARD")], ["available"])
    daemon.rpc("unbind", selector="serial=KEYBOARD")
    check("unbind gives it back", a.usb_devices(serial="KEYBOARD")[0]["driver"], "usb")
    check("bind by its bus id exports it", [r["state"] for r in daemon.rpc("bind", selector=keyboard["busid"])], ["available"])
    check("usbip-host has it", a.usb_devices(serial="KEYBOARD")[0]["driver"], "usbip-host")
