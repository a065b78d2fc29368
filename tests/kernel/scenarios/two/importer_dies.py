"""B's power fails while it reads a disk of A: A's kernel ends the session within 10 s, and the same attach succeeds at once when B is back.

`two/stock_importer_dies` is the same with the stock tools.
"""
import time

from bench import check, measure, patient, poll, start_cluster
from daemon import Daemon

GONE_WITHIN, BACK_WITHIN = 10, 10


def run(a, b):
    disk = a.make_disk("DIES", mib=8)
    daemon_a, daemon_b = start_cluster(a, b)
    daemon_a.rpc("bind", selector="serial=DIES")
    poll("B knows that it is available", lambda: daemon_b.devices(serial="DIES", state="available"))
    attach = dict(selector="serial=DIES", waitSeconds=30)
    first = daemon_b.rpc("attach", **attach)[0]
    found = b.find_disk("DIES")
    lease = daemon_a.devices(serial="DIES")[0]
    check("A knows the holder", (lease["state"], lease["holder"]), ("in-use", f"B/{first['id']}"))

    before = b.sectors_read(found["device"])
    b.begin("checksum", found["device"])
    poll("a quarter of the disk is read", lambda: b.sectors_read(found["device"]) - before > (8 << 20) // 512 // 4)
    died = time.monotonic()
    b.power_off()
    b.start()
    gone = a.on_host(a.wait_disconnected()) - died
    measure("B's death to the end of the connection in A's kernel", gone, "s", 2)
    measure("... to available there", a.on_host(a.wait_exported(disk["busid"])) - died, "s", 2)
    poll("A's daemon says that it is not used", lambda: daemon_a.devices(serial="DIES")[0]["state"] != "in-use")
    measure("... to its daemon's word", time.monotonic() - died, "s", 2)
    check(f"the connection ended within {GONE_WITHIN} s", gone < patient(GONE_WITHIN))

    b.boot()
    measure("B's death to B's agent", time.monotonic() - died, "s")
    daemon_b = Daemon(b, seed=a)
    answer = daemon_b.call("attach", **attach)
    measure("READY of B's daemon to the end of the same attach", answer["time"] - daemon_b.ready, "s", 2)
    check(f"... within {BACK_WITHIN} s", answer["time"] - daemon_b.ready < patient(BACK_WITHIN))
    check("content at B", b.checksum(b.find_disk("DIES")["device"])["sha256"], disk["sha256"])
    row = poll("A has it in use", lambda: daemon_a.devices(serial="DIES", state="in-use"))[0]
    check("A names the holder", row["holder"], f"B/{answer['result'][0]['id']}")
    measure("epoch before", lease["epoch"])
    measure("epoch after", row["epoch"])
    check("the lease has a higher epoch", row["epoch"] > lease["epoch"])
