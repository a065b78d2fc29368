"""A persistent shell for short commands, so that builtins cost nothing and programs one process."""
import os
import select
import signal
import subprocess
import threading
import time


class Shell:
    def __init__(self):
        self._lock = threading.Lock()
        self._process = None

    def run(self, command, timeout):
        """Exit code, output (both streams), and the times of start and end."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._process = subprocess.Popen(["/bin/busybox", "sh"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                 stderr=subprocess.STDOUT, cwd="/root", start_new_session=True)
            started = time.monotonic()
            end = f"\x01{started}"
            # A subshell, so that neither `exit` nor `cd` outlives the command.
            self._process.stdin.write(f"( {command}\n) </dev/null; echo \"{end} $?\"\n".encode())
            self._process.stdin.flush()
            return self._collect(end.encode(), started, started + timeout)

    def _collect(self, end, started, deadline):
        output = b""
        stream = self._process.stdout.fileno()
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([stream], [], [], left)[0]:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
                self._process = None
                raise TimeoutError(f"the command did not end in time; so far: {output.decode(errors='replace')[-2000:]}")
            output += os.read(stream, 65536)
            at = output.find(end)
            if at >= 0 and output.endswith(b"\n"):
                return {"code": int(output[at + len(end):]), "out": output[:at].decode(errors="replace"),
                        "start": started, "end": time.monotonic()}


_shell = Shell()

HANDLERS = {"sh": _shell.run}
