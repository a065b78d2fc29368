"""The bench's entry: prepares, boots each topology once, runs its scenarios, and says how they went."""
import argparse
import itertools
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

import image
import product
import scenario
from bench import records, start_cluster
from errors import CheckFailed, DaemonError, GuestError
from machine import Machine
from polling import be_patient
from say import elapsed, say

HERE = pathlib.Path(__file__).resolve().parents[1]
ARTIFACTS = product.ROOT / "artifacts/kernel"
# A scenario that would begin later than this many seconds after the start has failed: on a machine that is this slow, nothing is
# learnt. Two idle cores need a third of it.
LAST_START = 40 * 60


class Boot:
    """The machines of one topology, powered on together once. A scenario finds them as they were then, or with our daemon on each."""

    def __init__(self, topology, prepared, bench_disk):
        self._folder = tempfile.TemporaryDirectory(prefix="kernel-bench.")
        names = scenario.TOPOLOGIES[topology]
        logs = ARTIFACTS / topology
        logs.mkdir(parents=True, exist_ok=True)
        self.machines = [Machine(n, prepared, self._folder.name, logs, [p for p in names if p != n], bench_disk) for n in names]
        try:
            for machine in self.machines:
                machine.start()
            for machine in self.machines:
                seconds = machine.boot()
                say(f"boot: {machine.name} ({machine.address}) is ready after {seconds:.1f} s")
                (logs / f"{machine.name}.boot.dmesg").write_text(machine.sh("dmesg -c"))
            self._save("booted")
        except BaseException:
            self.end()
            raise
        self._daemons = None

    def prepare(self, with_cluster):
        """Puts the machines back, in less than a second each. Starting .NET takes 10 s on each of them: that is done once, too."""
        if with_cluster and self._daemons is None:
            self._restore("booted")
            self._daemons = start_cluster(*self.machines)
            self._save("cluster")
        if with_cluster:
            self._restore("cluster", self._daemons)
        else:
            self._restore("booted")

    def _save(self, name):
        self._all_stopped("savevm", name)
        for machine in self.machines:
            machine.qemu.qmp("cont")

    def _restore(self, name, daemons=()):
        """What was sent before and arrives only now would be taken for a part of connections that are back as they were, so all lines are
        cut first."""
        for machine, daemon in itertools.zip_longest(self.machines, daemons):
            machine.daemon = daemon
            machine.silence()
        time.sleep(0.05)
        self._all_stopped("loadvm", name)
        for machine in self.machines:
            machine.resume()
        for machine in self.machines:
            machine.sync_clock()

    def _all_stopped(self, verb, name):
        for machine in self.machines:
            machine.qemu.qmp("stop")
        for machine in self.machines:
            machine.qemu.snapshot(verb, name)

    def end(self):
        for machine in self.machines:
            machine.end()
        self._folder.cleanup()


def run_topology(topology, scenarios, prepared, bench_disk, patience, soak, failed, measured):
    boot = None
    try:
        for each in scenarios:
            if elapsed() > LAST_START * patience and not soak:
                failed.append(each.name)
                say(f"FAIL {each.name}: no time is left for it")
                continue
            if boot is None:
                try:
                    boot = Boot(topology, prepared, bench_disk)
                except (GuestError, RuntimeError) as error:
                    failed.append(each.name)
                    say(f"FAIL {each.name}: {error}")
                    continue
            say(f"---- {each.name}: {each.shows} (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs)")
            trouble = attempt(each, boot, patience, soak)
            measured[each.name] = list(records)
            if trouble:
                failed.append(each.name)
                say(f"FAIL {each.name}: {trouble}")
            save_logs(each, boot.machines, show=bool(trouble))
            if trouble:
                boot.end()
                boot = None
    finally:
        if boot:
            boot.end()


def attempt(each, boot, patience, soak):
    """Runs a scenario; what went wrong, or None."""
    try:
        boot.prepare(each.cluster)
        say(f"PASS {each.name} ({each.run(boot.machines, patience, soak):.1f} s)")
        return None
    except (CheckFailed, DaemonError, GuestError, TimeoutError) as error:
        line = next((f.lineno for f in reversed(traceback.extract_tb(error.__traceback__)) if f.filename == str(each.path)), 0)
        return f"{each.path.name}:{line}: {error}"
    except Exception:  # a mistake in the scenario itself must not end the others
        return traceback.format_exc()


def save_logs(each, machines, show):
    """Keeps what the guests wrote during the scenario; on failure its ends are printed too."""
    folder = ARTIFACTS / each.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for machine in machines:
        for name, text in machine.logs().items():
            (folder / f"{machine.name}.{name}").write_text(text)
            if show and text.strip():
                print(f"======== {machine.name} {name} (the end; all of it: {folder}/{machine.name}.{name})")
                print("\n".join(text.splitlines()[-40:]), flush=True)


def make_bench_disk(folder, with_product):
    """The second disk of every guest: the agent, and the product if a scenario wants it."""
    tree = folder / "bench"
    shutil.copytree(HERE / "guest", tree / "guest", ignore=shutil.ignore_patterns("__pycache__"))
    if with_product:
        shutil.copytree(product.publish(), tree / "bin", ignore=shutil.ignore_patterns("*.pdb", "*.xml"))
    image.make_ext4(tree, folder / "bench.ext4")
    return folder / "bench.ext4"


def main():
    parser = argparse.ArgumentParser(prog="tests/kernel/run", description="Runs scenarios on real kernels in emulated machines.")
    parser.add_argument("scenario", nargs="*", help="TOPOLOGY, NAME or TOPOLOGY/NAME; all without one")
    parser.add_argument("--list", action="store_true", help="name the scenarios and what they show, then end")
    parser.add_argument("--patience", type=float, default=1, metavar="FACTOR",
                        help="multiplies all time-outs, for a busy machine")
    parser.add_argument("--soak", action="store_true", help="only what can do ten times as much, and ten times as much of it")
    options = parser.parse_args()
    try:
        chosen = [s for s in scenario.find(options.scenario) if s.soak or not options.soak]
    except LookupError as error:
        sys.exit(f"kernel bench: {error}")
    if not chosen:
        sys.exit("kernel bench: none of these has a long form")
    if options.list:
        for each in chosen:
            print(f"{each.name:36} {each.shows}")
        return

    be_patient(options.patience)
    prepared = image.prepare()
    failed, measured = [], {}
    with tempfile.TemporaryDirectory(prefix="kernel-bench.") as folder:
        bench_disk = make_bench_disk(pathlib.Path(folder), any(s.product for s in chosen))
        for topology in scenario.TOPOLOGIES:
            mine = [s for s in chosen if s.topology == topology]
            if mine:
                run_topology(topology, mine, prepared, bench_disk, options.patience, options.soak, failed, measured)
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    (ARTIFACTS / "measurements.json").write_text(json.dumps(measured, indent=2) + "\n")
    say(f"logs and measurements: {ARTIFACTS}")
    for name in failed:
        print(f"FAIL {name}")
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
