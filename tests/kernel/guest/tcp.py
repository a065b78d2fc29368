"""Hostile to connections: ends those of this machine from outside, as `ss -K` does, and sends to servers what they don't expect."""
import os
import socket
import struct
import time

_NETLINK_SOCK_DIAG = 4
_SOCK_DESTROY = 21
_NLM_F_REQUEST_ACK = 5
_TABLES = ((socket.AF_INET, "tcp"), (socket.AF_INET6, "tcp6"))
_ANY_COOKIE = b"\xff" * 8


def reset_tcp(port):
    """Resets every established IPv4 or IPv6 connection with that remote or local port: {"time" before, "count"}."""
    found = [row for family, table in _TABLES for row in _established(family, table, port)]
    started = time.monotonic()
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as link:
        link.settimeout(5)
        for family, local, remote in found:
            addresses = local[0].ljust(16, b"\0") + remote[0].ljust(16, b"\0")
            identity = struct.pack(">HH", local[1], remote[1]) + addresses + bytes(4) + _ANY_COOKIE
            request = struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0, 0, 1 << 1) + identity
            link.send(struct.pack("=IHHII", 16 + len(request), _SOCK_DESTROY, _NLM_F_REQUEST_ACK, 1, 0) + request)
            failure = -struct.unpack_from("=i", link.recv(4096), 16)[0]
            if failure:
                raise OSError(failure, os.strerror(failure))
    return {"time": started, "count": len(found)}


def connected(port):
    """The ports at the other ends of the established connections with that remote or local port, in order."""
    ends = [(local[1], remote[1]) for family, table in _TABLES for family, local, remote in _established(family, table, port)]
    return sorted(remote if local == port else local for local, remote in ends)


def _established(family, table, port):
    with open(f"/proc/net/{table}") as file:
        for row in file.read().splitlines()[1:]:
            column = row.split()
            local, remote = _end(column[1]), _end(column[2])
            if column[3] == "01" and port in (local[1], remote[1]):
                yield family, local, remote


def _end(text):
    host, port = text.split(":")
    return struct.pack(f"={len(host) // 8}I", *(int(host[i:i + 8], 16) for i in range(0, len(host), 8))), int(port, 16)


def closed_after(target, data, timeout):
    """Connects to [host, TCP port] or a Unix socket's path, sends the bytes, and returns the seconds until the other side closes.

    None when it does not within the time-out.
    """
    family, address = (socket.AF_UNIX, target) if isinstance(target, str) else (socket.AF_INET, tuple(target))
    with socket.socket(family, socket.SOCK_STREAM) as link:
        link.settimeout(timeout)
        link.connect(address)
        started = time.monotonic()
        try:
            link.sendall(bytes.fromhex(data))
            while link.recv(65536):
                if time.monotonic() - started > timeout:
                    raise TimeoutError
        except (ConnectionResetError, BrokenPipeError):
            pass
        except TimeoutError:
            return None
        return time.monotonic() - started


_OP_REQ_IMPORT, _CMD_SUBMIT, _IN, _URB_DMA_MAP_SG = 0x8003, 1, 1, 0x00040000


def import_and_spoil(target, busid, timeout=10):
    """Imports a device as a USB/IP client and submits a URB that no driver serves, which makes usbip-host give the device up.

    It is a scatter-gather transfer of no bytes (stub_rx.c, stub_recv_cmd_submit). Returns when the connection is closed.
    """
    with socket.create_connection(tuple(target), timeout) as link:
        link.sendall(struct.pack(">HHI32s", 0x0111, _OP_REQ_IMPORT, 0, busid.encode()))
        _, _, status = struct.unpack(">HHI", receive(link, 8))
        if status != 0:
            raise ConnectionError(f"the import of {busid} was refused: status {status}")
        bus, device = struct.unpack_from(">II", receive(link, 312), 256 + 32)
        link.sendall(struct.pack(">5I5I8x", _CMD_SUBMIT, 1, bus << 16 | device, _IN, 0, _URB_DMA_MAP_SG, 0, 0, 0, 0))
        try:
            while link.recv(65536):
                pass
        except ConnectionResetError:
            pass


def receive(link, size):
    """Exactly so many bytes of a connection."""
    data = b""
    while len(data) < size:
        more = link.recv(size - len(data))
        if not more:
            raise ConnectionError(f"closed after {len(data)} of {size} bytes")
        data += more
    return data


HANDLERS = {"reset_tcp": reset_tcp, "connected": connected, "closed_after": closed_after, "import_and_spoil": import_and_spoil}
