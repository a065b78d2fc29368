"""The stock `usbip list -r` and `usbip attach` work against our daemon, for a node of the cluster: who is none is refused.

A node is known by its address in the cluster; with the one that is for sessions alone, it is a stranger.
"""
from bench import check, poll, start_cluster

CLUSTER = True


def run(a, b):
    disk = a.make_disk("PLAIN", mib=2)
    daemon, _ = start_cluster(a, b)
    daemon.rpc("bind", selector="serial=PLAIN")
    stranger = b.run(f"usbip attach -r {a.address} -b {disk['busid']}")
    check("usbip attach from an address that is no node's is refused", stranger["code"] != 0)
    check("usbip list -r from there, too", b.run(f"usbip list -r {a.address}")["code"] != 0)

    exporter = a.cluster_address
    check("usbip list -r shows the device", f"{disk['busid']}: " in b.sh(f"usbip list -r {exporter}"))
    b.sh(f"usbip attach -r {exporter} -b {disk['busid']}")
    check("content at B", b.checksum(b.find_disk("PLAIN")["device"])["sha256"], disk["sha256"])
    row = daemon.devices(serial="PLAIN")[0]
    check("our daemon says who has it", (row["state"], b.cluster_address in (row["holder"] or "")), ("in-use", True))
    poll("our daemon has closed the connection", lambda: daemon.session_sockets() == [], timeout=2)

    second = b.run(f"usbip attach -r {exporter} -b {disk['busid']}")
    check("a second usbip attach is refused", second["code"] != 0)
    check("... and says so", "busy" in second["out"].lower() or "error" in second["out"].lower())
    unknown = b.run(f"usbip attach -r {exporter} -b 9-9")
    check("usbip attach of an unknown bus id is refused", unknown["code"] != 0)

    b.sh(f"usbip detach -p {b.vhci_ports()[0]['port']}")
    poll("after usbip detach it is available again", lambda: daemon.devices(serial="PLAIN", state="available"))
