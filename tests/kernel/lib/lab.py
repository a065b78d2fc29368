"""The machines of a run: powered on once, and put back before each scenario."""
import itertools
import tempfile
import time

import image
from bench import check_nothing_left, poll, start_cluster
from machine import Machine
from qemu import LINK
from say import say

# What a scenario with CLUSTER finds running is this many machines' daemons. Most scenarios need no third machine.
PAIR = 2


class Lab:
    """Machines A to C, each powered on when the first scenario needs it.

    A scenario finds them as they were when they had booted, or with our daemons running on A and B.
    """

    def __init__(self, guest, logs, bench_disk, most):
        """`most` is how many machines any scenario of this run needs that has such guests."""
        self.guest, prepared = guest, image.prepare(guest)
        self._folder = tempfile.TemporaryDirectory(prefix="kernel-bench.")
        self._logs, self._first = logs, min(most, PAIR)
        self._off = [Machine(name, prepared, self._folder.name, logs, bench_disk) for name in LINK]
        self.machines, self._daemons = [], None

    def prepare(self, count, with_cluster):
        """The first so many machines, as a scenario finds them. Putting one back takes less than a second; starting .NET takes 10 s on
        each, so that is done once, too."""
        self._power_on(max(count, self._first) - len(self.machines))
        if with_cluster and self._daemons is None:
            self._restore([])
            self._daemons = start_cluster(*self.machines[:self._first])
            if self._first == PAIR:
                _rehearse(*self.machines[:PAIR], self._daemons)
            self._save(self.machines[:self._first], "cluster")
        self._restore(self._daemons if with_cluster else [])
        return self.machines[:count]

    def _power_on(self, count):
        for _ in range(count):
            self._off[0].start()
            self.machines.append(self._off.pop(0))
        starting = self.machines[len(self.machines) - count:]
        for machine in starting:
            seconds = machine.boot()
            say(f"boot: {machine.name} ({machine.address}) is ready after {seconds:.1f} s")
            (self._logs / f"{machine.name}.boot.dmesg").write_text(machine.sh("dmesg -c"))
        self._save(starting, "booted")

    def _save(self, machines, name):
        _stop(machines)
        for machine in machines:
            machine.qemu.snapshot("savevm", name)
        for machine in machines:
            machine.qemu.qmp("cont")

    def _restore(self, daemons):
        """What was sent before and arrives only now would be taken for a part of connections that are back as they were, so all lines are
        cut first."""
        for machine, daemon in itertools.zip_longest(self.machines, daemons):
            machine.daemon = daemon
            machine.silence()
        time.sleep(0.05)
        _stop(self.machines)
        for machine in self.machines:
            machine.qemu.snapshot("loadvm", "cluster" if machine.daemon else "booted")
        for machine in self.machines:
            machine.resume()
        for machine in self.machines:
            machine.sync_clock()

    def end(self):
        for machine in self.machines:
            machine.end()
        self._folder.cleanup()


def _rehearse(exporter, importer, daemons):
    """Attaches a disk, loses it, has it back and gives it up. What a daemon does for the first time takes it seconds here, while its code
    is compiled, and the command's first start while it is read from the disk; every scenario would wait for that again. Those that start a
    daemon of their own see it as it is."""
    serial = "REHEARSAL"
    disk = exporter.make_disk(serial)
    giver, taker = daemons
    poll("A's daemon knows the rehearsal's disk", lambda: giver.devices(serial=serial))
    giver.rpc("bind", selector=f"serial={serial}")
    poll("the rehearsal's disk is available", lambda: taker.devices(serial=serial, state="available"))
    taker.rpc("attach", selector=f"serial={serial}", waitSeconds=60, timeout=70)
    importer.checksum(importer.find_disk(serial)["device"])
    begun = importer.now()
    exporter.reset_tcp()
    taker.wait_event(begun, '"reattached"', timeout=60)
    importer.find_disk(serial)
    taker.rpc("detach", all=True)
    check_nothing_left(exporter, importer, daemons)
    giver.rpc("unbind", selector=f"serial={serial}")
    exporter.unplug(disk)
    poll("the rehearsal's disk is forgotten", lambda: not any(daemon.devices(serial=serial) for daemon in daemons))
    for machine in (exporter, importer):
        machine.command("version")


def _stop(machines):
    for machine in machines:
        machine.qemu.qmp("stop")
