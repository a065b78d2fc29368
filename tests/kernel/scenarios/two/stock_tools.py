"""The stock tools in this bench: a disk of A at B with equal content; baseline figures for everything else.

`usbip bind` and `usbipd` on A, `usbip list -r`, `attach`, `port`, `detach` on B. No part of ours takes part.
"""
from bench import check, measure, median, milliseconds

PRODUCT = False


def run(a, b):
    disk = a.make_disk("STOCK1", mib=4)
    bind = a.run(f"usbip bind -b {disk['busid']}")
    check("usbip bind ends with 0", bind["code"], 0)
    measure("usbip bind", milliseconds(bind["end"] - bind["start"]), "ms")
    a.spawn("usbipd", log="/tmp/usbipd.log")
    a.wait_listening(3240)

    listing = b.run(f"usbip list -r {a.address}")
    check("usbip list -r shows the bus id", disk["busid"] in listing["out"])
    measure("usbip list -r", milliseconds(listing["end"] - listing["start"]), "ms")

    to_uevent, to_disk, commands, detaches = [], [], [], []
    for attempt in range(3):
        attach = b.run(f"usbip attach -r {a.address} -b {disk['busid']}")
        check("usbip attach ends with 0", attach["code"], 0)
        added = b.wait_imported(after=attach["start"])
        found = b.find_disk("STOCK1")
        commands.append(attach["end"] - attach["start"])
        to_uevent.append(added["time"] - attach["start"])
        to_disk.append(found["time"] - attach["start"])
        if attempt == 0:
            check("usbip port names host and bus id", f"usbip://{a.address}:3240/{disk['busid']}" in b.sh("usbip port"))
            read = b.checksum(found["device"])
            check("the disk's content at B is what A put on it", read["sha256"], disk["sha256"])
            measure("sequential read", read["bytes"] / 1e6 / (read["end"] - read["start"]), "MB/s", 2)
            blocks = b.read_blocks(found["device"], 50)
            measure("reads of 512 bytes", 50 / (blocks["end"] - blocks["start"]), "a second")
        port = b.vhci_ports()[0]["port"]
        detach = b.run(f"usbip detach -p {port}")
        check("usbip detach ends with 0", detach["code"], 0)
        detaches.append(detach["end"] - detach["start"])
        b.wait_free()
        a.wait_exported(disk["busid"])
    measure("usbip attach, the command", milliseconds(median(commands)), "ms (median of 3)")
    measure("usbip attach, start to uevent of the device", milliseconds(median(to_uevent)), "ms (median of 3)")
    measure("usbip attach, start to the disk", milliseconds(median(to_disk)), "ms (median of 3)")
    measure("usbip detach, the command", milliseconds(median(detaches)), "ms (median of 3)")
