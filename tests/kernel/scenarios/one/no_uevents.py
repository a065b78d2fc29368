"""A daemon in a network namespace, as in a container, attaches and reattaches; where no uevents arrive it polls, and says so.

The kernel sends uevents to the network namespaces of the first user namespace only. So there are two: one with uevents, one without.
"""
from bench import check, measure, milliseconds, poll

WITHOUT_UEVENTS = "devices and ports are polled instead"
# As in a container: nothing of the host's network, and addresses of its own.
SETUP = 'ip link set lo up && ip addr add "$0/32" dev lo && ip addr add "$1/32" dev lo && shift && exec "$@"'


def run(a):
    disk = a.make_disk("POLLED")
    for name, flags, uevents in (("a network namespace", ["-n"], True), ("a user and network namespace", ["-U", "-r", "-n"], False)):
        prefix = ["busybox", "unshare", *flags, "sh", "-c", SETUP, a.address, a.cluster_address]
        daemon = a.start_daemon("--exporter", "kernel", "--host-controller", "kernel", prefix=prefix)
        poll(f"{name}: the daemon knows the disk", lambda: daemon.devices(serial="POLLED", state="unbound"))
        daemon.rpc("bind", selector="serial=POLLED")
        attach = daemon.call("attach", selector="serial=POLLED", waitSeconds=60, timeout=70)
        measure(f"{name}: attach until usable", milliseconds(attach["time"] - attach["sent"]), "ms")
        same_content(a, disk)

        before = a.now()
        a.sh(f"busybox nsenter -t {daemon.pid} -n ss -K dport = 3240")
        measure(f"{name}: reset to reattached", milliseconds(daemon.wait_event(before, "reattached")["time"] - before), "ms")
        same_content(a, disk)

        unplugged = a.unplug(disk)
        lost = daemon.wait_event(unplugged, '"lost"')["time"]
        measure(f"{name}: unplug to lost", milliseconds(lost - unplugged), "ms")
        poll(f"{name}: the disk is gone from the list", lambda: daemon.devices(serial="POLLED") == [])
        plugged = a.plug(disk)
        measure(f"{name}: replug to reattached", milliseconds(daemon.wait_event(plugged, "reattached")["time"] - plugged), "ms")
        same_content(a, disk)
        check(f"{name}: counted", daemon.ports()[0]["reattaches"], 2)
        check(f"{name}: the log says {'nothing of polling' if uevents else 'that it polls'}",
              WITHOUT_UEVENTS in a.sh("cat /tmp/usbipcd.log"), not uevents)

        daemon.rpc("detach", all=True)
        poll("the device is free", lambda: daemon.devices(serial="POLLED", state="available"))
        daemon.rpc("unbind", selector="serial=POLLED")
        check("SIGTERM ends the daemon", daemon.kill("TERM"), 0)
        a.wait_free()
        a.sh("rm -rf /var/lib/usbipcluster /run/usbipcluster /tmp/usbipcd.log")


def same_content(a, disk):
    check("content", a.checksum(a.find_disk("POLLED")["device"])["sha256"], disk["sha256"])
