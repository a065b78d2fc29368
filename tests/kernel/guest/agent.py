"""The agent of a guest: answers the host's requests, one JSON object a line over a virtio port, each in its own thread.

A request is {"id", "do", ...arguments}; the answer {"id", "ok"} or {"id", "error"}. It stays one process for the life of the
machine because starting one costs 0.1 s here. All times are CLOCK_MONOTONIC seconds of this machine.
"""
import json
import os
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.dirname(__file__))
import control
import gadgets
import mute
import processes
import shells
import sysusb
import tcp
import uevents
import usbfs


def find_port(name):
    """The character device of a virtio port, by the name that QEMU gave it."""
    ports = "/sys/class/virtio-ports"
    for port in os.listdir(ports):
        with open(f"{ports}/{port}/name") as file:
            if file.read().strip() == name:
                return f"/dev/{port}"
    raise FileNotFoundError(f"no virtio port {name}")


HANDLERS = {name: handler for module in (shells, gadgets, processes, sysusb, tcp, uevents, usbfs, control, mute)
            for name, handler in module.HANDLERS.items()}
HANDLERS["monotonic"] = time.monotonic


def main():
    port = os.open(find_port("bench"), os.O_RDWR)
    sending = threading.Lock()

    def send(message):
        data = json.dumps(message).encode() + b"\n"
        with sending:
            while data:
                data = data[os.write(port, data):]

    def answer(request):
        identity = request.pop("id")
        try:
            send({"id": identity, "ok": HANDLERS[request.pop("do")](**request)})
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            send({"id": identity, "error": f"{type(error).__name__}: {error} ({os.path.basename(where.filename)}:{where.lineno})"})

    uevents.listen()
    send({"ready": True})
    rest = b""
    while True:
        read = os.read(port, 65536)
        if not read:
            time.sleep(0.05)
            continue
        *lines, rest = (rest + read).split(b"\n")
        for line in lines:
            if line:
                threading.Thread(target=answer, args=(json.loads(line),), daemon=True).start()


if __name__ == "__main__":
    main()
