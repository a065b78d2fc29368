"""16 attachments lost at the same moment are all back soon, on all controllers; every port of a hub can be used, and a full hub says so."""
import collections
import concurrent.futures

from bench import check, fails, measure, median, milliseconds, poll, start_cluster

TIMEOUT = 480
CLUSTER = True
COUNT = 16
ROUNDS = 3
# The first time, much of the daemons' code is compiled: the second one counts.
LOSSES = 2
FAILS_BEYOND, GOAL = COUNT, 3
CONTROLLERS, PORTS_OF_HUB, PORTS_OF_CONTROLLER = 8, 15, 30
UNAVAILABLE, TIMED_OUT = 4, 6


def run(a, b):
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as makers:
        disks = list(makers.map(lambda n: a.make_disk(f"MANY{n:02}", mib=1 / 16, udc=f"dummy_udc.{n}"), range(COUNT)))
    serials = [disk["serial"] for disk in disks]
    daemon_a, daemon_b = start_cluster(a, b)
    daemon_a.rpc("bind", selector="class=mass-storage", all=True, timeout=60)
    poll("B knows that all are available", lambda: len(daemon_b.devices(state="available")) == COUNT)

    single = median(reattach_of_one(b, daemon_b, disks[0]) for _ in range(ROUNDS))
    measure(f"one session lost: reset to usable (median of {ROUNDS})", milliseconds(single), "ms")

    before = b.now()
    identities = attach_all(b, daemon_b, serials)
    measure(f"{COUNT} attached at once: until all are usable", b.now() - before, "s", 2)
    used_evenly(b)
    for losses in range(1, LOSSES + 1):
        reset = b.reset_tcp()
        check("sessions that were reset", reset["count"], COUNT)
        times = sorted(daemon_b.wait_event(reset["time"], "reattached", f'"{identity}"', timeout=90)["time"] - reset["time"]
                       for identity in identities)
        ratio = median(times) / single
        measure(f"{COUNT} sessions lost: reset to usable, median", milliseconds(median(times)), "ms")
        measure("... longest", milliseconds(times[-1]), "ms")
        measure(f"... median against that of one (goal {GOAL})", ratio, "x", 2)
        rows = daemon_b.ports()
        check("every one is attached again", [(row["state"], row["reattaches"]) for row in rows], [("attached", losses)] * COUNT)
        used_evenly(b)
        for disk in disks:
            same_content(b, disk)
    check(f"faster than one after another: at most {FAILS_BEYOND} times one", ratio <= FAILS_BEYOND)
    daemon_b.rpc("detach", all=True, timeout=60)
    b.wait_free()

    every_port_in_use(b, daemon_b, disks)


def every_port_in_use(b, daemon, disks):
    *fitting, extra = (disk["serial"] for disk in disks)
    # A dead session keeps its hub's worker busy for a minute, so the first controller's ports are for devices that work.
    b.occupy([controller * PORTS_OF_CONTROLLER + port for controller in range(1, CONTROLLERS) for port in range(PORTS_OF_HUB)])
    identities = attach_all(b, daemon, fitting)
    used = sum(port["hub"] == "hs" for port in b.vhci_ports())
    check("every high-speed port is in use", used, CONTROLLERS * PORTS_OF_HUB)

    says = f"in use ({used})"
    message = fails("one more", UNAVAILABLE, lambda: daemon.rpc("attach", selector=f"serial={extra}"))
    check("it says that all are in use, and how many", message.endswith(says))
    check("nothing is kept of it", daemon.ports(serial=extra), [])
    fails("one more with --wait", TIMED_OUT, lambda: daemon.rpc("attach", selector=f"serial={extra}", waitSeconds=2))
    poll("it is kept and says why it waits", lambda: (daemon.ports(serial=extra)[0]["lastError"] or "").endswith(says))

    before = b.now()
    daemon.rpc("detach", target=identities[0])
    poll("with a port free it is attached", lambda: daemon.ports(serial=extra, state="attached"))
    measure("detach of another to attached", b.now() - before, "s", 2)
    same_content(b, disks[-1])
    daemon.rpc("detach", all=True, timeout=60)
    before = b.now()
    b.ask("end_mute")
    measure("dead sessions ended to all ports free and the hubs idle", b.wait_free() - before, "s", 2)


def attach_all(b, daemon, serials):
    calls = [b.begin(daemon.call, "attach", selector=f"serial={serial}", waitSeconds=90, timeout=100) for serial in serials]
    return [call.result()["result"][0]["id"] for call in calls]


def reattach_of_one(b, daemon, disk):
    """Seconds from the reset of its session until it is usable again."""
    identity = daemon.rpc("attach", selector=f"serial={disk['serial']}", waitSeconds=30)[0]["id"]
    b.find_disk(disk["serial"])
    before = b.reset_tcp()["time"]
    again = daemon.wait_event(before, "reattached")["time"]
    same_content(b, disk)
    daemon.rpc("detach", target=identity)
    b.wait_free()
    return again - before


def used_evenly(b):
    spread = collections.Counter(port["port"] // PORTS_OF_CONTROLLER for port in b.vhci_ports())
    counts = [spread[controller] for controller in range(CONTROLLERS)]
    share = COUNT // CONTROLLERS
    check(f"all controllers are used, none for more than twice its share: {counts}", min(counts) > 0 and max(counts) <= 2 * share)


def same_content(b, disk):
    check(f"content of {disk['serial']} at B", b.checksum(b.find_disk(disk["serial"])["device"])["sha256"], disk["sha256"])
