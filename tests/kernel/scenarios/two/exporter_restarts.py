"""A's daemon is killed and started while B reads A's disk: no byte is lost, and A knows holder and epoch again.

Then B's connection breaks while A's kernel does not hear of it: B asks again, and A takes the device over from the dead session for
it. Somebody else who asks meanwhile is told who has it. SIGTERM of both daemons leaves the session alone, too.
"""
from bench import check, fails, measure, milliseconds, poll, start_cluster
from daemon import Daemon

CLUSTER = True


def run(a, b):
    disk = a.make_disk("RESTARTS", mib=8)
    daemon_a, daemon_b = start_cluster(a, b)
    daemon_a.rpc("bind", selector="serial=RESTARTS")
    poll("B knows that it is available", lambda: daemon_b.devices(serial="RESTARTS", state="available"))
    attached = daemon_b.rpc("attach", selector="serial=RESTARTS", waitSeconds=30)[0]
    found = b.find_disk("RESTARTS")
    holder = f"B/{attached['id']}"
    lease = daemon_a.devices(serial="RESTARTS")[0]
    check("A knows the holder", (lease["state"], lease["holder"]), ("in-use", holder))

    def lease_at(daemon):
        row = daemon.devices(serial="RESTARTS")
        return row and (row[0]["state"], row[0]["holder"], row[0]["epoch"], row[0]["user"])

    def read_while(what, act):
        """Reads the disk while something happens in the middle of it."""
        reading = b.begin_reading(found)
        act()
        done = b.now()
        read = reading.result()
        check(f"{what} was over before the read ended", done < read["end"])
        check(f"content at B, read over {what}", read["sha256"], disk["sha256"])

    read_while("the death of A's daemon", lambda: check("SIGKILL of A's daemon", daemon_a.kill("KILL"), -9))
    daemon_a = Daemon(a, seed=b)
    expected = tuple(lease[key] for key in ("state", "holder", "epoch", "user"))
    poll(f"A's new daemon knows {expected}", lambda: lease_at(daemon_a) == expected, timeout=10)
    check("content at B, over the same session", b.checksum(found["device"])["sha256"], disk["sha256"])

    poll("B's daemon sees A's device again", lambda: lease_at(daemon_b) == expected)
    told = fails("A asks for the device", 4, lambda: daemon_a.rpc("attach", selector="serial=RESTARTS"))
    check("... and is told who has it", holder in told)

    # A's kernel does not get the reset: for it the session lives on until B asks.
    b.cut_link()
    reset = b.reset_tcp()
    b.cut_link(False)
    check("B's connections that were reset", reset["count"], 1)
    event = daemon_b.wait_event(reset["time"], "reattached", timeout=60)
    measure("reset at B to usable at B, with a fence at A", milliseconds(event["time"] - reset["time"]), "ms")
    found = b.find_disk("RESTARTS")
    check("content at B", b.checksum(found["device"])["sha256"], disk["sha256"])
    taken = poll("A has it in use by the same holder",
                 lambda: [r for r in daemon_a.devices(serial="RESTARTS", state="in-use") if r["holder"] == holder])[0]
    measure("epoch before", lease["epoch"])
    measure("epoch after", taken["epoch"])
    check("the lease has a higher epoch", taken["epoch"] > lease["epoch"])

    def terminate():
        ending = [(d, a.begin(d.kill, "TERM")) for d in (daemon_a, daemon_b)]
        for daemon, code in ending:
            check(f"SIGTERM of {daemon.machine.name}'s daemon ends it with 0", code.result(), 0)

    read_while("the end of both daemons", terminate)
    check("A's kernel has the session", a.usb_devices(serial="RESTARTS")[0]["usbip_status"], "2")
    daemon_a = Daemon(a)
    expected = tuple(taken[key] for key in ("state", "holder", "epoch", "user"))
    poll(f"A's new daemon knows {expected}", lambda: lease_at(daemon_a) == expected, timeout=10)
    check("content at B, over the same session", b.checksum(found["device"])["sha256"], disk["sha256"])
