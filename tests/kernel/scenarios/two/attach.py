"""A disk of A, bound and attached by the commands, has its content at B; killing both daemons disturbs no read.

The kernels own the connection: neither daemon holds a descriptor of it.
"""
import json

from bench import check, measure, milliseconds, poll, start_cluster

CLUSTER = True


def run(a, b):
    disk = a.make_disk("ATTACH", mib=4)
    daemon_a, daemon_b = start_cluster(a, b)
    check("usbipc bind on A", a.command("bind serial=ATTACH")["code"], 0)
    poll("B knows that it is available", lambda: daemon_b.devices(serial="ATTACH", state="available"))
    attach = b.command("attach serial=ATTACH --wait=30s")
    check("usbipc attach on B", attach["code"], 0)

    added = b.wait_imported(attach["start"])
    measure("usbipc attach, start to uevent of the device", milliseconds(added["time"] - attach["start"]), "ms")
    found = b.find_disk("ATTACH")
    row = daemon_b.ports()[0]
    check("usbipc port has it", (row["state"], row["serial"], row["node"], row["busid"], row["localBusid"]),
          ("attached", "ATTACH", "A", disk["busid"], found["busid"]))
    check("A has it in use", daemon_a.devices(serial="ATTACH")[0]["state"], "in-use")
    check("B's kernel has the connection", b.sh(f"ss -Htn state established dst {a.address} dport = 3240").count("\n"), 1)
    for daemon in (daemon_a, daemon_b):
        poll(f"the daemon on {daemon.machine.name} has closed it", lambda: daemon.session_sockets() == [], timeout=2)
    read = b.checksum(found["device"])
    check("content at B", read["sha256"], disk["sha256"])
    measure("sequential read", read["bytes"] / 1e6 / (read["end"] - read["start"]), "MB/s", 2)
    doctor = b.command("doctor --json")
    check("usbipc doctor ends with 0", doctor["code"], 0)
    wrong = {row["check"] for row in json.loads(doctor["out"])["checks"] if row["result"] != "ok"}
    check("... and finds only how the bench is: no time service, and no TLS", wrong, {"clock.synchronized", "settings.insecure"})

    reading = b.begin_reading(found)
    for daemon in (daemon_a, daemon_b):
        check(f"SIGKILL of the daemon on {daemon.machine.name}", daemon.kill("KILL"), -9)
    killed = b.now()
    read = reading.result()
    check("they were dead before the read ended", killed < read["end"])
    check("content at B, read over the death of both daemons", read["sha256"], disk["sha256"])
