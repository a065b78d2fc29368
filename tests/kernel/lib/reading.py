"""Reading a disk in the background while something else happens."""
import threading


class Reading:
    """Reads a disk again and again, slowly, for a daemon is to start meanwhile; every checksum is kept."""

    def __init__(self, machine, disk):
        self._checksums, self._ends = [], threading.Event()
        self._running = machine.begin(self._read, machine, disk["device"])

    def _read(self, machine, path):
        while not self._ends.is_set():
            self._checksums.append(machine.checksum(path, pause=0.4)["sha256"])

    def end(self):
        """The different checksums; the last read began before this was called."""
        self._ends.set()
        self._running.result()
        return set(self._checksums)
