"""A client of the daemon's control socket that stays connected: JSON-RPC 2.0, one object a line.

Starting the command costs 2 s in a guest, so whatever is timed goes through here. Every line received is kept with its time.
"""
import json
import socket
import threading
import time

import processes

PATH = "/run/usbipcluster/control.sock"


class Connection:
    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(10)
        self._socket.connect(path)
        self._socket.settimeout(None)
        self._changed = threading.Condition()
        self._sent = 0
        self._answers = {}
        self._notes = []
        self._closed = None
        threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self):
        rest = b""
        try:
            while read := self._socket.recv(65536):
                now = time.monotonic()
                *lines, rest = (rest + read).split(b"\n")
                with self._changed:
                    for line in lines:
                        message = json.loads(line)
                        if "method" in message:
                            self._notes.append({"time": now, "method": message["method"], "params": message.get("params")})
                        else:
                            self._answers[message.get("id")] = {"time": now, **message}
                    self._changed.notify_all()
        except OSError as error:
            rest = str(error).encode()
        with self._changed:
            self._closed = rest.decode(errors="replace") or "closed by the daemon"
            self._changed.notify_all()

    def call(self, method, params, timeout):
        """The response as received, with the times "sent" and "time" (of its arrival)."""
        with self._changed:
            self._sent += 1
            identity = self._sent
        sent = time.monotonic()
        self._socket.sendall(json.dumps({"jsonrpc": "2.0", "id": identity, "method": method, "params": params}).encode() + b"\n")
        with self._changed:
            done = self._changed.wait_for(lambda: identity in self._answers or self._closed, timeout)
            if identity in self._answers:
                return {"sent": sent, **self._answers.pop(identity)}
            raise TimeoutError(f"{method}: {self._closed if done else f'no answer in {timeout} s'}")

    def notes(self, after):
        with self._changed:
            return [n for n in self._notes if n["time"] >= after]

    def wait_note(self, after, timeout, contains):
        """The first notification at or after a time whose text has all of these parts."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for note in self._notes:
                    if note["time"] >= after and all(part in json.dumps(note) for part in contains):
                        return note
                left = deadline - time.monotonic()
                if left <= 0 or self._closed:
                    last = [note["params"] for note in self._notes[-3:]]
                    raise TimeoutError(f"no notification with {contains} in {timeout} s ({self._closed or 'connected'}); last: {last}")
                self._changed.wait(left)

    def close(self):
        self._socket.close()


_connections = {}


def rpc_open(name, timeout, pid, path=PATH):
    """Connects as soon as the daemon, a spawned process, listens, under a name; returns the time of the connection."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            _connections[name] = Connection(path)
            return time.monotonic()
        except OSError as error:
            code = processes.wait(pid, 0)
            if code is not None:
                raise ChildProcessError(f"the daemon ended with {code}; its log says why") from error
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path}: {error}") from error
            time.sleep(0.02)


def rpc(name, method, params, timeout):
    return _connections[name].call(method, params, timeout)


def notes(name, after=0):
    return _connections[name].notes(after)


def wait_note(name, after, timeout, contains):
    return _connections[name].wait_note(after, timeout, contains)


def rpc_close(name):
    """Closes the connection of that name."""
    connection = _connections.pop(name, None)
    if connection:
        connection.close()


HANDLERS = {"rpc_open": rpc_open, "rpc": rpc, "notes": notes, "wait_note": wait_note, "rpc_close": rpc_close}
