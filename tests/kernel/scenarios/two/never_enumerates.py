"""A device that never gets usable is given up in its time, detached, said and tried again; a detach ends every slow state.

Three kinds of it: one that answers nothing, one that says it is SuperSpeed and answers nothing, and a real one under a wrong speed.
"""
from bench import DaemonError, check, fails, measure, patient, poll, start_cluster

CLUSTER = True
LOW, HIGH, SUPER = 1, 3, 5
SILENT, SILENT_SUPER = "7-1", "7-2"
# The daemon gives an enumeration 20 s; then the port is freed, for which it allows the kernel 8 s.
GIVEN_UP, FREED = 20, 8
REASON = "the device was not enumerated within 20 s"
TIMED_OUT = 6
# A connection attempt is not interrupted: it ends within 5 s.
DETACHED_WITHIN = 15
# Nobody has it, and a static neighbour keeps the kernel from noticing.
NOWHERE = "10.0.0.99"


def run(a, b):
    at_a, daemon = start_cluster(a, b)
    at_a.kill("TERM")
    disk = a.make_disk("WRONG")
    a.sh(f"usbip bind -b {disk['busid']}")
    a.spawn("usbipd", "--tcp-port", "3241", log="/tmp/usbipd.log")
    a.wait_listening(3241)
    wrong_speed = disk["busid"]
    a.serve_mute({SILENT: {"speed": HIGH}, SILENT_SUPER: {"speed": SUPER},
                  wrong_speed: {"speed": LOW, "relay": ["127.0.0.1", 3241, wrong_speed]}})

    begun = b.now()
    waiting = b.begin(daemon.call, "attach", remoteHost=a.address, remoteBusid=SILENT_SUPER, waitSeconds=8)
    for busid in (wrong_speed, SILENT):
        row = daemon.rpc("attach", remoteHost=a.address, remoteBusid=busid)[0]
        check(f"{busid}: without --wait it returns when the socket is handed over", row["state"], "enumerating")
    ports = {row["busid"]: row["id"] for row in poll("all are being enumerated", lambda: all_enumerating(daemon))}
    detached_in_slow_states(b, daemon)
    try:
        waiting.result()
        check("--wait ends with an error", False)
    except DaemonError as error:
        check("--wait ends with timed out", error.code, TIMED_OUT)

    for busid, identity in ports.items():
        failed = daemon.wait_event(begun, "attach-failed", f'"{identity}"', timeout=60)
        check(f"{busid}: why", failed["params"]["reason"], REASON)
        first, second = poll(f"{busid} is tried again", lambda: len(a.mute_imports(busid=busid)) > 1 and a.mute_imports(busid=busid))[:2]
        measure(f"{busid}: hand-over to the end of the session", first["ended"] - first["time"], "s", 2)
        measure(f"{busid}: ... to the next attempt", second["time"] - first["time"], "s", 2)
        measure(f"{busid}: bytes of URBs that it got", first["bytes"])
        check(f"{busid}: not before its time and soon after", GIVEN_UP - 1 < second["time"] - first["time"] < patient(GIVEN_UP + FREED))
        row = daemon.ports(busid=busid)[0]
        check(f"{busid}: usbipc port says why", REASON in row["lastError"])

    for busid, identity in ports.items():
        poll(f"{busid} is enumerated once more", lambda: daemon.ports(busid=busid, state="enumerating"))
        detach(daemon, f"enumerating {busid}", identity)
    b.wait_free()
    check("no attachment is left", daemon.rpc("port"), [])
    poll("every session has ended", lambda: not a.mute_imports(ended=None))
    check("B's daemon has no connection", daemon.session_sockets(), [])
    check("no port is recorded", b.sh("ls /var/run/vhci_hcd"), "")
    a.wait_exported(disk["busid"])

    before = b.now()
    daemon.rpc("attach", remoteHost=f"{a.address}:3241", remoteBusid=disk["busid"], waitSeconds=60, timeout=70)
    measure("the same disk under its own speed: attach to uevent", b.wait_imported(before)["time"] - before, "s", 2)
    check("content at B", b.checksum(b.find_disk("WRONG")["device"])["sha256"], disk["sha256"])


def all_enumerating(daemon):
    rows = daemon.ports(state="enumerating")
    return len(rows) == 3 and rows


def detached_in_slow_states(b, daemon):
    b.sh(f"/bin/ip neigh replace {NOWHERE} lladdr 52:54:00:00:00:99 dev eth0 nud permanent")
    slow = {"connecting": {"remoteHost": NOWHERE, "remoteBusid": "1-1"},
            "backing-off": {"remoteHost": f"{b.address}:9", "remoteBusid": "1-1"},
            "waiting": {"selector": "serial=NOBODY"}}
    for state, target in slow.items():
        asking = b.begin(daemon.call, "attach", **target, waitSeconds=60, timeout=70)
        row = poll(f"one is {state}", lambda: daemon.ports(state=state))[0]
        detach(daemon, state, row["id"])
        fails("who waited for it", 1, asking.result)


def detach(daemon, state, identity):
    call = daemon.call("detach", target=identity)
    measure(f"detach while {state}", call["time"] - call["sent"], "s", 2)
    check(f"... within {DETACHED_WITHIN} s", call["time"] - call["sent"] < patient(DETACHED_WITHIN))
    check("... and it is gone", daemon.ports(id=identity), [])
