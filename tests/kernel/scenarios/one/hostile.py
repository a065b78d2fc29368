"""Garbage, half a message, a foreign protocol or silence on the session port, the cluster port and the control socket: closed within 5 s.

The control socket serves interactive clients: silence there is allowed. A session of the kernel's goes on meanwhile.
"""
import random

from bench import check, measure, start_cluster

CLUSTER = True
BYTES = {
    "garbage": random.Random(3240).randbytes(4096),
    "half a message": {"session port": bytes.fromhex("01118003000000003137"), "cluster port": bytes.fromhex("00000040aa"),
                       "control socket": b'{"jsonrpc":"2.0","id":1,"meth'},
    "HTTP": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "silence": b"",
}
MARGIN = 2  # what the emulated machine needs on top


def run(a):
    disk = a.make_disk("HOSTILE")
    daemon, = start_cluster(a)
    daemon.rpc("bind", selector="serial=HOSTILE")
    a.sh(f"usbip attach -r 127.0.0.1 -b {disk['busid']}")
    found = a.find_disk("HOSTILE")

    targets = {"session port": (a.address, 3240), "cluster port": (a.cluster_address, 7240),
               "control socket": "/run/usbipcluster/control.sock"}
    thrown = {}
    for port, target in targets.items():
        for what, data in BYTES.items():
            if (port, what) != ("control socket", "silence"):
                bytes_ = data if isinstance(data, bytes) else data[port]
                thrown[f"{what} on the {port}"] = a.begin("ask", "closed_after", target=target, data=bytes_.hex(), timeout=15)
    slow = {}
    for what, pending in thrown.items():
        seconds = pending.result()
        measure(f"{what}: closed after", -1 if seconds is None else seconds, "s", 2)
        if seconds is None or seconds > 5 + MARGIN:
            slow[what] = seconds
    check("all were closed within 5 s", slow, {})

    check("the daemon answers", daemon.rpc("version")["node"], "A")
    check("... and lists", [row["state"] for row in daemon.devices(serial="HOSTILE")], ["in-use"])
    check("content of the disk, over the session", a.checksum(found["device"])["sha256"], disk["sha256"])
