"""usbip-host gives a device up (usbip_status 3) because of what a client sent: it is exported again without a command."""
from bench import check, measure, milliseconds, poll, start_cluster

CLUSTER = True
FAULTED = "3"


def run(a):
    disk = a.make_disk("FAULTED")
    daemon, = start_cluster(a)
    daemon.rpc("bind", selector="serial=FAULTED")
    before = a.now()
    a.spoil(("127.0.0.1", 3240), disk["busid"])
    daemon.wait_event(before, "device-changed", "faulted")
    a.wait_exported(disk["busid"])
    measure("given up to available", milliseconds(a.now() - before), "ms")
    poll("the daemon says so", lambda: daemon.devices(serial="FAULTED", state="available"))
    a.sh(f"usbip attach -r 127.0.0.1 -b {disk['busid']}")
    check("content", a.checksum(a.find_disk("FAULTED")["device"])["sha256"], disk["sha256"])
    a.sh(f"usbip detach -p {a.vhci_ports()[0]['port']}")
    a.wait_exported(disk["busid"])

    daemon.kill("TERM")
    a.spawn("usbipd", log="/tmp/usbipd.log")
    a.wait_listening(3240)
    a.spoil(("127.0.0.1", 3240), disk["busid"])
    poll("the kernel has given the device up", lambda: a.usb_devices(serial="FAULTED")[0]["usbip_status"] == FAULTED)
    check("with the stock tools it stays so", a.run(f"usbip attach -r 127.0.0.1 -b {disk['busid']}")["code"] != 0)
