"""B's daemon knows A's devices within 1 s of both being ready, and one plugged in later within 1 s of A's uevent.

`usbipc list` on B shows them.
"""
import json

from bench import check, measure, milliseconds, patient, poll

GOAL, FAILS_BEYOND = 1, 5


def run(a, b):
    early = a.make_disk("EARLY")
    starting = [a.begin("start_daemon"), b.begin("start_daemon", seed=a)]
    daemon_a, daemon_b = (s.result() for s in starting)
    measure("start of the daemon until its control socket answers", daemon_a.ready - daemon_a.started, "s on A", 2)

    poll("B lists A's device", lambda: daemon_b.devices(serial="EARLY"))
    known = b.now()
    ready = max(a.on_host(daemon_a.ready), b.on_host(daemon_b.ready))
    took = b.on_host(known) - ready
    measure(f"both ready to B's answer with A's device (goal {GOAL} s, fails beyond {FAILS_BEYOND})", milliseconds(took), "ms")
    check(f"... within {FAILS_BEYOND} s", took < patient(FAILS_BEYOND))

    before = b.now()
    late = a.make_hid("LATE")
    event = daemon_b.wait_event(before, "device-added", late["busid"])
    uevent = a.wait_uevent(late["plugged"], "add", rf"/{late['busid']}$", "usb_device")
    took = b.on_host(event["time"]) - a.on_host(uevent["time"])
    measure(f"A's uevent to B's event (goal {GOAL} s, fails beyond {FAILS_BEYOND})", milliseconds(took), "ms")
    check(f"... within {FAILS_BEYOND} s", took < patient(FAILS_BEYOND))

    a.unplug(late)
    event = daemon_b.wait_event(event["time"], "device-removed", late["busid"])
    uevent = a.wait_uevent(uevent["time"], "remove", rf"/{late['busid']}$", "usb_device")
    measure("A's uevent of the unplugging to B's event", milliseconds(b.on_host(event["time"]) - a.on_host(uevent["time"])), "ms")

    a.plug(late)
    poll("B lists it again", lambda: daemon_b.devices(serial="LATE"))
    listing = b.command("list --json")
    check("usbipc list on B ends with 0", listing["code"], 0)
    rows = {row["serial"]: (row["node"], row["busid"], row["reachable"]) for row in json.loads(listing["out"]) if row["node"] == "A"}
    check("usbipc list on B shows both", rows, {d["serial"]: ("A", d["busid"], True) for d in (early, late)})
    measure("usbipc list, the command", listing["end"] - listing["start"], "s", 2)
