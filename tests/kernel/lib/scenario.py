"""Finding, naming and running scenarios."""
import importlib.util
import pathlib
import signal
import time

from bench import records

SCENARIOS = pathlib.Path(__file__).resolve().parents[1] / "scenarios"
SOAK_FACTOR = 10
TOPOLOGIES = {"one": ("A",), "two": ("A", "B"), "three": ("A", "B", "C")}


class Scenario:
    """A script in scenarios/TOPOLOGY: a docstring that says what it shows, and run(a, ...) with one machine for each parameter.

    Optional globals: TIMEOUT in seconds (default 180), CLUSTER = True when our daemons are to run before it begins, which saves it their
    start, PRODUCT = False when it needs neither our daemon nor our command, SOAK when it can do ten times as much: the arguments for `run`
    that make it so.
    """

    def __init__(self, path):
        self.path = path
        self.topology = path.parent.name
        self.name = f"{self.topology}/{path.stem}"
        spec = importlib.util.spec_from_file_location(f"scenario_{self.topology}_{path.stem}", path)
        self._module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self._module)
        self.shows = (self._module.__doc__ or "").strip().splitlines()[0]
        self.timeout = getattr(self._module, "TIMEOUT", 180)
        self.cluster = getattr(self._module, "CLUSTER", False)
        self.product = getattr(self._module, "PRODUCT", True)
        self.soak = getattr(self._module, "SOAK", {})

    def run(self, machines, patience=1, soak=False):
        """Seconds that it took; raises what it failed with, TimeoutError after its time, multiplied by the patience."""
        start = time.monotonic()
        signal.signal(signal.SIGALRM, self._out_of_time)
        signal.setitimer(signal.ITIMER_REAL, self.timeout * patience * (SOAK_FACTOR if soak else 1))
        try:
            del records[:]
            self._module.run(*machines, **(self.soak if soak else {}))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return time.monotonic() - start

    def _out_of_time(self, *_):
        raise TimeoutError("not done in its time")


def find(patterns):
    """The scenarios whose name (TOPOLOGY/NAME) or bare name or topology is among the patterns; all without a pattern."""
    everything = [Scenario(p) for t in TOPOLOGIES for p in sorted((SCENARIOS / t).glob("*.py"))]
    unknown = [p for p in patterns if not any(_matches(s, p) for s in everything)]
    if unknown:
        raise LookupError(f"no such scenario: {', '.join(unknown)}; there are {', '.join(s.name for s in everything)}")
    return [s for s in everything if not patterns or any(_matches(s, p) for p in patterns)]


def _matches(scenario, pattern):
    return pattern in (scenario.name, scenario.topology, scenario.path.stem)
