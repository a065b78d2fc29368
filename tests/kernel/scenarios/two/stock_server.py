"""`usbipc attach -r HOST -b BUSID` works against a stock `usbipd`, and the stock `usbip port` shows our attachment."""
from bench import check, poll, start_cluster

CLUSTER = True


def run(a, b):
    ours, daemon = start_cluster(a, b)
    ours.kill("TERM")
    disk = a.make_disk("SERVED", mib=2)
    a.sh(f"usbip bind -b {disk['busid']}")
    a.spawn("usbipd", log="/tmp/usbipd.log")
    a.wait_listening(3240)

    rows = daemon.rpc("list", remote=a.address)
    check("usbipc list -r shows the device", disk["busid"] in [row["busid"] for row in rows])
    attach = b.command(f"attach -r {a.address} -b {disk['busid']} --wait=30s")
    check("usbipc attach -r -b ends with 0", attach["code"], 0)
    check("content at B", b.checksum(b.find_disk("SERVED")["device"])["sha256"], disk["sha256"])
    check("usbip port names host and bus id", f"usbip://{a.address}:3240/{disk['busid']}" in b.sh("usbip port"))
    poll("our daemon has closed the connection", lambda: daemon.session_sockets() == [], timeout=2)

    check("usbipc detach ends with 0", b.command("detach --all")["code"], 0)
    b.wait_free()
    check("usbip port shows nothing any more", "usbip://" in b.sh("usbip port"), False)
    a.wait_exported(disk["busid"])
