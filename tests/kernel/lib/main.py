"""The bench's entry: prepares, runs the scenarios on machines that are booted once, and says how they went."""
import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time
import traceback

import image
import processors
import product
import scenario
from bench import kept, records
from errors import CheckFailed, DaemonError, GuestError
from lab import Lab
from polling import be_patient
from say import elapsed, say

HERE = pathlib.Path(__file__).resolve().parents[1]
ARTIFACTS = product.ROOT / "artifacts/kernel"
# Where a machine's own host took more than this share of its processors away while a scenario failed, it is run once more.
STARVED = 0.25
# A scenario that would begin later than this many seconds after the start has failed: on a machine that is this slow, nothing is
# learnt. Two idle cores need half of it. Where processors are stolen it is later, but not by more than that.
LAST_START, LAST_START_OF_ALL = 40 * 60, 60 * 60


def run_all(scenarios, bench_disk, patience, soak):
    """The names of those that failed, and what each has measured."""
    lab, failed, measured, start = None, [], {}, time.monotonic()

    def run(each):
        """What went wrong, or None. After a failure the next one gets new machines."""
        nonlocal lab
        if lab and lab.guest != each.guest:
            lab.end()
            lab = None
        lab = lab or Lab(each.guest, ARTIFACTS, bench_disk, max(s.machines for s in scenarios if s.guest == each.guest))
        trouble = attempt(each, lab, patience, soak)
        save_logs(each, lab.machines[:each.machines], show=bool(trouble))
        if trouble:
            lab.end()
            lab = None
        return trouble

    try:
        for each in scenarios:
            if elapsed() > min(LAST_START * processors.slowness(start), LAST_START_OF_ALL) * patience and not soak:
                failed.append(each.name)
                say(f"FAIL {each.name}: no time is left for it")
                continue
            say(f"---- {each.name}: {each.shows} (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs)")
            began = time.monotonic()
            trouble = run(each)
            lost = processors.stolen(began)
            if trouble and lost >= STARVED:
                say(f"     {trouble}")
                say(f"     this machine was without {lost:.0%} of its processors meanwhile, which shows nothing: once more")
                trouble = run(each)
            measured[each.name] = list(records)
            if trouble:
                failed.append(each.name)
                say(f"FAIL {each.name}: {trouble}")
    finally:
        if lab:
            lab.end()
    return failed, measured


def attempt(each, lab, patience, soak):
    """Runs a scenario; what went wrong, or None."""
    try:
        machines = lab.prepare(each.machines, each.cluster)
        say(f"PASS {each.name} ({each.run(machines, patience, soak):.1f} s)")
        return None
    except (CheckFailed, DaemonError, GuestError, TimeoutError) as error:
        line = next((f.lineno for f in reversed(traceback.extract_tb(error.__traceback__)) if f.filename == str(each.path)), 0)
        return f"{each.path.name}:{line}: {error}"
    except Exception:  # a mistake in the scenario itself must not end the others
        return traceback.format_exc()


def save_logs(each, machines, show):
    """Keeps what the guests wrote during the scenario, and what it keeps itself; on failure the guests' ends are printed too."""
    folder = ARTIFACTS / each.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, lines in kept.items():
        (folder / name).write_text("\n".join(lines) + "\n")
    for machine in machines:
        for name, text in machine.logs().items():
            (folder / f"{machine.name}.{name}").write_text(text)
            if show and text.strip():
                print(f"======== {machine.name} {name} (the end; all of it: {folder}/{machine.name}.{name})")
                print("\n".join(text.splitlines()[-40:]), flush=True)


def make_bench_disk(folder, with_product, with_packages):
    """The second disk of every guest: the agent, and the product and packages of it if a scenario wants them."""
    tree = folder / "bench"
    shutil.copytree(HERE / "guest", tree / "guest", ignore=shutil.ignore_patterns("__pycache__"))
    if with_product:
        published = product.publish()
        shutil.copytree(published, tree / "bin", symlinks=True, ignore=shutil.ignore_patterns("*.pdb", "*.xml"))
    if with_packages:
        product.build_packages(published, tree / "packages")
    image.make_ext4(tree, folder / "bench.ext4")
    return folder / "bench.ext4"


def main():
    parser = argparse.ArgumentParser(prog="tests/kernel/run", description="Runs scenarios on real kernels in emulated machines.")
    parser.add_argument("scenario", nargs="*", help="MACHINES (one, two or three), NAME or MACHINES/NAME; all without one")
    parser.add_argument("--list", action="store_true", help="name the scenarios and what they show, then end")
    parser.add_argument("--patience", type=float, default=1, metavar="FACTOR",
                        help="multiplies all time-outs, for a busy machine")
    parser.add_argument("--soak", action="store_true", help="only what can do ten times as much, and ten times as much of it")
    options = parser.parse_args()
    try:
        chosen = scenario.find(options.scenario, options.soak)
    except LookupError as error:
        sys.exit(f"kernel bench: {error}")
    if not chosen:
        sys.exit("kernel bench: none of these has a long form")
    if options.list:
        for each in chosen:
            print(f"{each.name:36} {each.shows}")
        return

    be_patient(options.patience)
    processors.watch()
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kernel-bench.") as folder:
        bench_disk = make_bench_disk(pathlib.Path(folder), any(s.product for s in chosen), any(s.guest == "debian" for s in chosen))
        failed, measured = run_all(chosen, bench_disk, options.patience, options.soak)
    (ARTIFACTS / "measurements.json").write_text(json.dumps(measured, indent=2) + "\n")
    say(f"logs and measurements: {ARTIFACTS}")
    for name in failed:
        print(f"FAIL {name}")
    print(f"{len(chosen) - len(failed)} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
