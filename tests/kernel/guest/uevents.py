"""The kernel's uevents since boot, each with the time at which it was read from the netlink socket."""
import collections
import re
import socket
import threading
import time

_NETLINK_KOBJECT_UEVENT = 15
_events = collections.deque(maxlen=20000)
_changed = threading.Condition()


def listen():
    link = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_KOBJECT_UEVENT)
    link.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
    link.bind((0, 1))
    threading.Thread(target=_receive, args=(link,), daemon=True).start()


def _receive(link):
    while True:
        message = link.recv(65536)
        now = time.monotonic()
        head, *fields = message.rstrip(b"\0").decode(errors="replace").split("\0")
        action, path = head.split("@", 1)
        values = dict(field.split("=", 1) for field in fields if "=" in field)
        with _changed:
            _events.append({"time": now, "action": action, "path": path, "subsystem": values.get("SUBSYSTEM", ""),
                            "type": values.get("DEVTYPE", "")})
            _changed.notify_all()


def _matches(event, after, action, path, type):
    return (event["time"] >= after and (not action or event["action"] == action) and (not type or event["type"] == type)
            and (not path or re.search(path, event["path"])))


def uevents(after=0, action=None, path=None, type=None):
    with _changed:
        return [e for e in _events if _matches(e, after, action, path, type)]


def wait_uevent(after, timeout, action=None, path=None, type=None):
    """The first matching uevent at or after a time."""
    deadline = time.monotonic() + timeout
    with _changed:
        while True:
            for event in _events:
                if _matches(event, after, action, path, type):
                    return event
            left = deadline - time.monotonic()
            if left <= 0:
                seen = [f"{e['action']}@{e['path']}" for e in _events if e["time"] >= after][-10:]
                raise TimeoutError(f"no uevent {action} {type} {path} in {timeout} s; seen: {seen}")
            _changed.wait(left)


HANDLERS = {"uevents": uevents, "wait_uevent": wait_uevent}
