"""Long-lived processes (daemons, background reads), and what /proc says of them."""
import glob
import os
import re
import signal
import socket
import struct
import subprocess
import time

_spawned = {}


def spawn(argv, log, env=None, user=None):
    """Starts a process with its output appended to a file, as another user if one is named; returns its id."""
    with open(log, "ab") as output:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd="/root",
                                   env={**os.environ, **(env or {})}, start_new_session=True,
                                   user=user, group=user and "nogroup", extra_groups=user and [])
    _spawned[process.pid] = process
    return process.pid


def execute(argv, timeout, env=None, user=None):
    """Runs a program to its end: {"code", "out", "err", "start", "end"}."""
    start = time.monotonic()
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=timeout, cwd="/root",
                          env={**os.environ, **(env or {})}, user=user, group=user and "nogroup", extra_groups=user and [])
    return {"code": done.returncode, "out": done.stdout, "err": done.stderr, "start": start, "end": time.monotonic()}


def wait(pid, timeout):
    """The exit code of a spawned process, or None when it still runs after that many seconds."""
    try:
        return _spawned[pid].wait(timeout)
    except subprocess.TimeoutExpired:
        return None


def kill(pid, name="KILL", timeout=10):
    """Sends the signal and waits for the end; returns the exit code (negative: the signal)."""
    process = _spawned[pid]
    if process.poll() is None:
        process.send_signal(getattr(signal, "SIG" + name))
    return process.wait(timeout)


def sockets(pid):
    """The TCP sockets among the process's descriptors: [{"fd", "state", "local", "remote"}]."""
    known = {}
    for table in ("tcp", "tcp6"):
        with open(f"/proc/{pid}/net/{table}") as file:
            for row in file.read().splitlines()[1:]:
                column = row.split()
                known[column[9]] = {"state": _STATES.get(int(column[3], 16), column[3]),
                                    "local": _address(column[1]), "remote": _address(column[2])}
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            inode = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            continue
        if inode and inode[1] in known:
            found.append({"fd": int(fd), **known[inode[1]]})
    return found


_STATES = {1: "established", 2: "syn-sent", 3: "syn-recv", 4: "fin-wait-1", 5: "fin-wait-2", 6: "time-wait", 7: "close",
           8: "close-wait", 9: "last-ack", 10: "listen", 11: "closing"}


def _address(text):
    host, port = text.split(":")
    words = struct.pack(f"={len(host) // 8}I", *(int(host[i:i + 8], 16) for i in range(0, len(host), 8)))
    if len(words) == 4:
        name = socket.inet_ntop(socket.AF_INET, words)
    else:
        name = socket.inet_ntop(socket.AF_INET6, words).removeprefix("::ffff:")
    return f"{name}:{int(port, 16)}"


def switches(pid):
    """Context switches so far of each thread: {thread: {"name", "voluntary", "involuntary"}}."""
    threads = {}
    for status in glob.glob(f"/proc/{pid}/task/*/status"):
        try:
            with open(status) as file:
                fields = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
        except (FileNotFoundError, ProcessLookupError):
            continue
        threads[fields["Pid"]] = {"name": fields["Name"], "voluntary": int(fields["voluntary_ctxt_switches"]),
                                  "involuntary": int(fields["nonvoluntary_ctxt_switches"])}
    return threads


def vitals(pid):
    """What a process holds: {"descriptors", "threads", "resident" (bytes)}."""
    with open(f"/proc/{pid}/status") as file:
        fields = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
    return {"descriptors": len(os.listdir(f"/proc/{pid}/fd")), "threads": int(fields["Threads"]),
            "resident": int(fields["VmRSS"].split()[0]) * 1024}


def wait_listening(port, timeout):
    """Waits until something listens on the TCP port; returns the time when that was seen."""
    wanted = f":{port:04X}"
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            with open(table) as file:
                for row in file.read().splitlines()[1:]:
                    column = row.split()
                    if column[1].endswith(wanted) and column[3] == "0A":
                        return time.monotonic()
        time.sleep(0.02)
    raise TimeoutError(f"nothing listens on port {port}")


HANDLERS = {"spawn": spawn, "execute": execute, "wait": wait, "kill": kill, "sockets": sockets,
            "switches": switches, "vitals": vitals, "wait_listening": wait_listening}
