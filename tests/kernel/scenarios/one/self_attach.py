"""A node attaches its own device: exporter and importer in one kernel and one daemon."""
from bench import check, measure, milliseconds, poll, start_cluster

CLUSTER = True


def run(a):
    disk = a.make_disk("SELF")
    daemon, = start_cluster(a)
    check("the daemon knows the disk", [row["state"] for row in daemon.devices(serial="SELF")], ["unbound"])
    daemon.rpc("bind", selector="serial=SELF")
    before = a.now()
    daemon.rpc("attach", selector="serial=SELF", waitSeconds=30)
    measure("attach to uevent", milliseconds(a.wait_imported(before)["time"] - before), "ms")
    found = a.find_disk("SELF")
    check("content", a.checksum(found["device"])["sha256"], disk["sha256"])
    daemon.rpc("detach", target="0")
    poll("the device is free", lambda: daemon.devices(serial="SELF", state="available"))
    daemon.rpc("unbind", selector="serial=SELF")
    local = f"ls /sys/bus/usb/devices/{disk['busid']}/{disk['busid']}:1.0/host*/target*/*/block"
    poll("its own driver has it back", lambda: a.run(local)["code"] == 0)
    check("content on the exporter", a.checksum("/dev/" + a.sh(local).strip())["sha256"], disk["sha256"])
