"""Waiting for what can only be asked for."""
import time

from errors import CheckFailed
from say import say


def poll(what, condition, timeout=30):
    """Asks again and again until the answer is true, prints one line, and returns it; the scenario ends here if it takes too long."""
    deadline = time.monotonic() + timeout
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise CheckFailed(f"{what}: not within {timeout} s")
        time.sleep(0.01)
    say(f"     ok {what}")
    return answer
