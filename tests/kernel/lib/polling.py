"""Waiting for what can only be asked for, and how long."""
import time

import processors
from errors import CheckFailed
from say import say

# A time-out of a question or a step says no more than that something hangs; bounds that are claims don't have it.
SPARE = 2
_RECENTLY = 30
_patience = 1


def be_patient(factor):
    """Multiplies every time-out and bound from now on: for a machine that has other things to do."""
    global _patience
    _patience = factor


def patient(seconds):
    """A bound as long as it is to be here, where this machine's own host has taken so much of its processors away of late."""
    return seconds * _patience * processors.slowness(time.monotonic() - max(seconds, _RECENTLY))


def poll(what, condition, timeout=30):
    """Asks again and again until the answer is true, prints one line, and returns it; the scenario ends here if it takes too long."""
    began = time.monotonic()
    while not (answer := condition()):
        waited = time.monotonic() - began
        # Slowness is 1 at least; to look at it costs too much for every round.
        if waited > timeout * SPARE * _patience and waited > patient(timeout * SPARE):
            raise CheckFailed(f"{what}: not within {waited:.1f} s")
        time.sleep(0.01)
    say(f"     ok {what}")
    return answer
