"""USB/IP without a device behind it: a server whose devices answer no URB, and dead sessions on ports of this machine's vhci_hcd."""
import contextlib
import socket
import struct
import threading
import time

from tcp import receive

_VERSION, _OP_REQ_IMPORT, _OP_REP_IMPORT = 0x0111, 0x8003, 0x0003
_DEVICE = struct.Struct(">256s32sIIIHHHBBBBBB")
_SPEED_AT = 8 + 256 + 32 + 2 * 4
_HIGH_SPEED = 3

_open = []
_imports = []


def serve_mute(port, devices):
    """A USB/IP server with devices {bus id: {"speed"}}: each is imported as if it were there, and then says nothing.

    With "relay": [host, TCP port, bus id] it is a device of that server, which answers, under another speed.
    """
    listener = socket.create_server(("", port))
    _open.append(listener)
    threading.Thread(target=_accept, args=(listener, devices), daemon=True).start()


def _accept(listener, devices):
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            _open.append(client)
            threading.Thread(target=_serve, args=(client, devices), daemon=True).start()


def _serve(client, devices):
    with client, contextlib.suppress(OSError):
        _, code, _, busid = struct.unpack(">HHI32s", receive(client, 40))
        busid = busid.rstrip(b"\0").decode()
        if code != _OP_REQ_IMPORT or busid not in devices:
            client.sendall(struct.pack(">HHI", _VERSION, _OP_REP_IMPORT, 1))
            return
        device = devices[busid]
        record = {"busid": busid, "time": time.monotonic(), "bytes": 0, "ended": None}
        _imports.append(record)
        try:
            if "relay" in device:
                _relay(client, device, record)
            else:
                client.sendall(_reply(busid, device["speed"]))
                _count(client, record)
        finally:
            record["ended"] = time.monotonic()


def _reply(busid, speed):
    bus, port = busid.split("-")
    return struct.pack(">HHI", _VERSION, _OP_REP_IMPORT, 0) + _DEVICE.pack(
        f"/sys/devices/none/usb{bus}/{busid}".encode(), busid.encode(), int(bus), int(port) + 1, speed,
        0x0525, 0xa4a5, 0x0100, 0, 0, 0, 1, 1, 1)


def _relay(client, device, record):
    host, port, busid = device["relay"]
    with socket.create_connection((host, port)) as exporter:
        exporter.sendall(struct.pack(">HHI32s", _VERSION, _OP_REQ_IMPORT, 0, busid.encode()))
        reply = receive(exporter, 8 + _DEVICE.size)
        client.sendall(reply[:_SPEED_AT] + struct.pack(">I", device["speed"]) + reply[_SPEED_AT + 4:])
        threading.Thread(target=_copy, args=(exporter, client), daemon=True).start()
        try:
            _count(client, record, exporter)
        finally:
            # Closing alone would leave it open for as long as the other thread waits for it.
            exporter.shutdown(socket.SHUT_RDWR)


def _copy(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)


def _count(client, record, target=None):
    while data := client.recv(65536):
        record["bytes"] += len(data)
        if target:
            target.sendall(data)


def mute_imports():
    """Every import so far: [{"busid", "time", "bytes" that came from the importer since, "ended" (None while the session lives)}]."""
    return list(_imports)


def occupy(ports):
    """Fills high-speed ports of vhci_hcd with sessions whose other end says nothing, until `end_mute` or a detach."""
    for port in ports:
        near, far = socket.socketpair()
        _open.append(far)
        with near, open("/sys/devices/platform/vhci_hcd.0/attach", "w") as file:
            file.write(f"{port} {near.fileno()} {0x10001} {_HIGH_SPEED}")


def end_mute():
    """Ends all of it."""
    for each in _open:
        # As above.
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
    _open.clear()
    _imports.clear()


HANDLERS = {"serve_mute": serve_mute, "mute_imports": mute_imports, "occupy": occupy, "end_mute": end_mute}
