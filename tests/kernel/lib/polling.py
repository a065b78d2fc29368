"""Waiting for what can only be asked for."""
import time

from errors import CheckFailed
from say import say


_patience = 1


def be_patient(factor):
    """Multiplies every time-out from now on: for a machine that has other things to do."""
    global _patience
    _patience = factor


def patient(seconds):
    """A time-out as long as it is to be here."""
    return seconds * _patience


def poll(what, condition, timeout=30):
    """Asks again and again until the answer is true, prints one line, and returns it; the scenario ends here if it takes too long."""
    deadline = time.monotonic() + patient(timeout)
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise CheckFailed(f"{what}: not within {patient(timeout):g} s")
        time.sleep(0.01)
    say(f"     ok {what}")
    return answer
