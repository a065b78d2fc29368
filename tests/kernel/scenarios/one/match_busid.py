"""The kernel's rules for usbip-host's files (stub_main.c), on which binding and unbinding rely.

No newline; unbind and then rebind (del alone deletes nothing, and while bound it spoils the bus id); bind again after a replug;
16 bus ids at most.
"""
from bench import check

PRODUCT = False
HOST = "/sys/bus/usb/drivers/usbip-host"


def run(a):
    disk = a.make_disk("RULES")
    busid = disk["busid"]

    def write(file, text):
        return a.run(f"printf '{text}' > {HOST}/{file}")["code"] == 0

    def listed():
        return a.sh(f"cat {HOST}/match_busid").split()

    def driver():
        return a.usb_devices(serial="RULES")[0]["driver"]

    def bind():
        return a.run(f"usbip bind -b {busid}")["code"] == 0

    def load_again():
        a.sh("rmmod usbip_host && modprobe usbip-host")

    check("bind of an id that is not listed is refused", write("bind", busid), False)
    check("del of an id that is not listed is refused", write("match_busid", f"del {busid}"), False)

    check("bind by the stock tool", (bind(), driver()), (True, "usbip-host"))
    a.unplug(disk)
    a.plug(disk)
    check("after a replug the ordinary driver has it, though it is listed", (driver(), listed()), ("usb", [busid]))
    check("bind again", bind())
    check("unbind, then del: both are taken", (write("unbind", busid), write("match_busid", f"del {busid}")), (True, True))
    check("... but it stays listed", listed(), [busid])
    check("rebind takes it from the list and gives it to its driver", (write("rebind", busid), listed(), driver()), (True, [], "usb"))
    check("... and it can be bound again", bind())

    check("del while bound is taken", write("match_busid", f"del {busid}"))
    check("... it stays listed", listed(), [busid])
    again = (write("unbind", busid), write("match_busid", f"add {busid}"), write("bind", busid))
    check("... and after unbind and add it can't be bound", again, (True, True, False))
    check("... until rebind", (write("rebind", busid), listed(), bind()), (True, [], True))

    check("an id with a newline is another id", (write("match_busid", "add 9-1\\n"), write("match_busid", "del 9-1")), (True, False))
    check("del of an id that was never bound is taken", write("match_busid", "del 9-1\\n"))
    check("... and it stays listed", "9-1" in listed())
    more = [write("match_busid", f"add 9-{port}") for port in range(1, 20)]
    check("16 bus ids fit", (more.count(True), len(listed())), (14, 16))
    load_again()
    check("loading the module again gives the device to its driver and empties the list", (driver(), listed()), ("usb", []))
