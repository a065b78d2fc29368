"""Finding, naming and running scenarios."""
import importlib.util
import pathlib
import signal
import time

import processors
from bench import kept, records
from polling import SPARE

SCENARIOS = pathlib.Path(__file__).resolve().parents[1] / "scenarios"
SOAK_FACTOR = 10
NUMBERS = {"one": 1, "two": 2, "three": 3}


class Scenario:
    """A script in scenarios/MACHINES: a docstring that says what it shows, and run(a, ...) with one machine for each parameter.

    Optional globals: TIMEOUT in seconds (default 180), CLUSTER = True when our daemons are to run on A and B before it begins, which saves
    it their start, PRODUCT = False when it needs neither our daemon nor our command, GUEST = "debian" when its machines are to be installed
    Debians with systemd, on which nothing of ours is, SOAK when it can do ten times as much: the arguments for `run` that make it so,
    SLOW = True when it runs only with those, or when it is named.
    """

    def __init__(self, path):
        self.path = path
        number = path.parent.name
        self.machines = NUMBERS[number]
        self.name = f"{number}/{path.stem}"
        spec = importlib.util.spec_from_file_location(f"scenario_{number}_{path.stem}", path)
        self._module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self._module)
        self.shows = (self._module.__doc__ or "").strip().splitlines()[0]
        self.timeout = getattr(self._module, "TIMEOUT", 180)
        self.cluster = getattr(self._module, "CLUSTER", False)
        self.product = getattr(self._module, "PRODUCT", True)
        self.guest = getattr(self._module, "GUEST", "bare")
        self.soak = getattr(self._module, "SOAK", {})
        self.slow = getattr(self._module, "SLOW", False)

    def run(self, machines, patience=1, soak=False):
        """Seconds that it took; raises what it failed with, TimeoutError after its time, multiplied by the patience."""
        start = time.monotonic()
        allowed = self.timeout * SPARE * patience * (SOAK_FACTOR if soak and self.soak else 1)

        def look(*_):
            left = start + allowed * processors.slowness(start) - time.monotonic()
            if left <= 0:
                raise TimeoutError("not done in its time")
            signal.setitimer(signal.ITIMER_REAL, left)

        signal.signal(signal.SIGALRM, look)
        signal.setitimer(signal.ITIMER_REAL, allowed)
        try:
            del records[:]
            kept.clear()
            self._module.run(*machines, **(self.soak if soak else {}))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return time.monotonic() - start


def find(patterns, soak=False):
    """The scenarios whose name (NUMBER/NAME) or bare name or number of machines is among the patterns; all without a pattern, but for the
    slow ones. For a soak only those that are slow or have a long form. Those with the same guests are together."""
    everything = sorted((Scenario(p) for n in NUMBERS for p in sorted((SCENARIOS / n).glob("*.py"))), key=lambda s: s.guest)
    unknown = [p for p in patterns if not any(_matches(s, p) for s in everything)]
    if unknown:
        raise LookupError(f"no such scenario: {', '.join(unknown)}; there are {', '.join(s.name for s in everything)}")
    chosen = [s for s in everything if any(_matches(s, p) for p in patterns)] if patterns else everything
    return [s for s in chosen if (s.slow or s.soak if soak else patterns or not s.slow)]


def _matches(scenario, pattern):
    return pattern in (scenario.name, scenario.path.parent.name, scenario.path.stem)
