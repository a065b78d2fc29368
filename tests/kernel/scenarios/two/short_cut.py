"""The link is cut for 5 s while B reads a disk of A: the session heals by itself, and nothing is attached again."""
import time

from bench import check, poll, start_cluster

CUT = 5


def run(a, b):
    disk = a.make_disk("SHORTCUT", mib=8)
    daemon_a, daemon_b = start_cluster(a, b)
    daemon_a.rpc("bind", selector="serial=SHORTCUT")
    poll("B knows that it is available", lambda: daemon_b.devices(serial="SHORTCUT", state="available"))
    daemon_b.rpc("attach", selector="serial=SHORTCUT", waitSeconds=30)
    found = b.find_disk("SHORTCUT")
    before = b.sectors_read(found["device"])
    reading = b.begin("checksum", found["device"])
    poll("a quarter of the disk is read", lambda: b.sectors_read(found["device"]) - before > (8 << 20) // 512 // 4)
    a.cut_link()
    time.sleep(CUT)
    check("the read waits", not reading.done())
    a.cut_link(False)
    check("content at B, read over the cut", reading.result()["sha256"], disk["sha256"])
    ports = daemon_b.rpc("port")
    check("the session is the same", [(port["state"], port["reattaches"]) for port in ports], [("attached", 0)])
