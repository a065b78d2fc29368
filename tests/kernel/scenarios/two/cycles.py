"""100 cycles of attach and detach of one device: nothing is left behind in either daemon, in sysfs or in the kernels' sockets.

1,000 with `--soak`.
"""
from bench import check, check_descriptors, check_nothing_left, measure, median, milliseconds, poll, start_cluster

CLUSTER = True
TIMEOUT = 420
SOAK = {"cycles": 1000}
WARM_UP = 5
THREAD_SLACK = 6
# What the runtime's heap may have grown by while it had no reason to collect.
GROWTH_MIB = 24


def run(a, b, cycles=100):
    device = a.make_acm("CYCLES")
    daemons = start_cluster(a, b)
    daemon_a, daemon_b = daemons
    daemon_a.rpc("bind", selector="serial=CYCLES")
    poll("B knows that it is available", lambda: daemon_b.devices(serial="CYCLES", state="available"))

    def cycle():
        attach = daemon_b.call("attach", selector="serial=CYCLES", waitSeconds=60, timeout=70)
        detach = daemon_b.call("detach", target=attach["result"][0]["id"])
        return attach["time"] - attach["sent"], detach["time"] - detach["sent"]

    for _ in range(WARM_UP):
        cycle()
    check_nothing_left(a, b, daemons)
    before = [d.vitals() for d in daemons]
    epoch = daemon_a.devices(serial="CYCLES")[0]["epoch"]

    times = []
    for number in range(1, cycles + 1):
        times.append(cycle())
        if number % 100 == 0 and number < cycles:
            for daemon in daemons:
                show(f"{daemon.machine.name}'s daemon after {number} cycles", daemon.vitals())
    measure(f"attach until usable (median of {cycles})", milliseconds(median(t[0] for t in times)), "ms")
    measure(f"detach (median of {cycles})", milliseconds(median(t[1] for t in times)), "ms")
    measure("longest cycle", milliseconds(max(map(sum, times))), "ms")

    check_nothing_left(a, b, daemons)
    check("one epoch a cycle", daemon_a.devices(serial="CYCLES")[0]["epoch"] - epoch, cycles)
    check("the bus id is the same", a.usb_devices(serial="CYCLES")[0]["busid"], device["busid"])
    check_descriptors(daemons, before)
    for daemon, was in zip(daemons, before):
        name = daemon.machine.name
        now = daemon.vitals()
        show(f"{name}'s daemon before", was)
        show(f"{name}'s daemon after", now)
        check(f"... no more than {THREAD_SLACK} threads more", now["threads"] <= was["threads"] + THREAD_SLACK)
        check(f"... no more than {GROWTH_MIB} MiB more", now["resident"] - was["resident"] <= GROWTH_MIB << 20)


def show(what, vitals):
    measure(f"{what}: descriptors", vitals["descriptors"])
    measure(f"{what}: threads", vitals["threads"])
    measure(f"{what}: resident", vitals["resident"] / (1 << 20), "MiB")
