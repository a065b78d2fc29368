"""What the bench tells the person who runs it: one line for each thing that it does, with the seconds since it started."""
import time

_started = time.monotonic()


def elapsed():
    return time.monotonic() - _started


def say(line):
    print(f"[{elapsed():6.1f}] {line}", flush=True)
