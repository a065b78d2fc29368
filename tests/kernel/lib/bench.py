"""What a scenario imports: checks, measurements, medians."""
import json
import statistics

from daemon import start_cluster
from errors import CheckFailed, DaemonError, GuestError
from leaks import check_descriptors, check_nothing_left
from polling import patient, poll
from say import say

__all__ = ["CheckFailed", "DaemonError", "GuestError", "check", "check_descriptors", "check_nothing_left", "fails", "keep", "kept",
           "measure", "median", "milliseconds", "patient", "poll", "records", "start_cluster"]

records = []
kept = {}


def check(what, actual, expected=True):
    """Prints one line; the scenario ends here if the two differ."""
    if actual != expected:
        raise CheckFailed(f"{what}: expected {_short(expected)}, got {_short(actual)}")
    say(f"     ok {what}")


def measure(what, value, unit="", digits=1):
    """Prints a figure and keeps it for measurements.json in the artifacts."""
    records.append({"what": what, "value": value, "unit": unit})
    say(f"     {what}: {round(value, digits):g} {unit}".rstrip())


def keep(name, line):
    """Adds a line to a file of that name in the scenario's artifacts."""
    kept.setdefault(name, []).append(line)


def fails(what, code, call):
    """Checks that a call to the daemon is refused with that code and says what to do; prints its words, and returns them."""
    try:
        answer = call()
    except DaemonError as error:
        check(f"{what}: refused with {code}", error.code, code)
        say(f"        {error.message} ({error.hint})")
        return error.message
    else:
        raise CheckFailed(f"{what}: expected error {code}, got {_short(answer)}")


def milliseconds(seconds):
    return seconds * 1000


def median(values):
    return statistics.median(values)


def _short(value):
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 600 else text[:600] + " ..."
