"""How much of its processors this machine really has: where it is a guest itself, its host gives them to others, too (steal time)."""
import collections
import threading
import time

_KEPT = 3600
_samples = collections.deque(maxlen=_KEPT)


def watch():
    """Takes a sample each second from now on."""
    _samples.append(_sample())
    threading.Thread(target=_go_on, daemon=True).start()


def stolen(since):
    """The share of what work took from the processors since then that they were elsewhere instead: 0 to 1."""
    samples = list(_samples)
    _, work, steal = next((s for s in reversed(samples) if s[0] <= since), samples[0])
    _, work_now, steal_now = _sample()
    wanted = (work_now - work) + (steal_now - steal)
    return (steal_now - steal) / wanted if wanted else 0


def slowness(since):
    """How many times as long as on processors of its own everything has taken since then: from 1 to 10."""
    return min(10, 1 / max(0.1, 1 - stolen(since)))


def _go_on():
    while True:
        time.sleep(1)
        _samples.append(_sample())


def _sample():
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return time.monotonic(), user + nice + system + irq + softirq, steal
