"""A reset of the TCP session with the stock tools: the device is gone at B, free again at A, and does not come back by itself."""
from bench import check, measure, milliseconds

PRODUCT = False


def run(a, b):
    disk = a.make_disk("STOCK2")
    a.sh(f"usbip bind -b {disk['busid']}")
    a.spawn("usbipd", log="/tmp/usbipd.log")
    a.wait_listening(3240)
    b.sh(f"usbip attach -r {a.address} -b {disk['busid']}")
    found = b.find_disk("STOCK2")
    check("content at B", b.checksum(found["device"])["sha256"], disk["sha256"])

    reset = b.reset_tcp()
    check("connections that were reset", reset["count"], 1)
    gone = b.wait_uevent(reset["time"], "remove", r"/vhci_hcd\.", "usb_device")
    measure("reset to the remove uevent at B", milliseconds(gone["time"] - reset["time"]), "ms")
    free = a.wait_exported(disk["busid"])
    measure("reset to available at A", milliseconds(a.on_host(free) - b.on_host(reset["time"])), "ms")

    b.sh(f"usbip attach -r {a.address} -b {disk['busid']}")
    check("attached again by hand", b.checksum(b.find_disk("STOCK2")["device"])["sha256"], disk["sha256"])
    killed = b.sh(f"ss -K dst {a.address} dport = 3240")
    check("ss -K names the connection", f"{a.address}:3240" in killed)
    b.wait_free()
    a.wait_exported(disk["busid"])
