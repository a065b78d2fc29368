"""Without the kernel's modules the daemon runs on, and what needs them fails with one clear line and exit code 1."""
import json

from bench import check


def run(a):
    a.make_disk("MODULES")
    a.sh("rmmod vhci_hcd usbip_host")
    a.sh("mkdir -p /etc/modprobe.d; printf 'install vhci_hcd false\\ninstall usbip_host false\\n' > /etc/modprobe.d/bench.conf")
    check("modprobe fails", a.run("/sbin/modprobe vhci-hcd || /sbin/modprobe usbip-host")["code"], 1)
    daemon = a.start_daemon()
    check("the daemon answers", daemon.rpc("version")["node"], "A")

    for what, module, arguments in (("bind", "usbip-host", "bind serial=MODULES"), ("attach", "vhci-hcd", "attach -r 10.0.0.9 -b 1-1")):
        done = a.command(arguments)
        check(f"usbipc {what} ends with 1", done["code"], 1)
        check(f"... and names the module: {done['err'].strip()}", module in done["err"].replace("_", "-"))
        check("... in at most two lines", len(done["err"].splitlines()) <= 2)
    log = a.sh("cat /tmp/usbipcd.log").replace("_", "-")
    check("the daemon's log warns of both", "usbip-host" in log and "vhci-hcd" in log)

    doctor = a.command("doctor --json")
    check("usbipc doctor ends with 1", doctor["code"], 1)
    errors = {row["target"]: row for row in json.loads(doctor["out"])["checks"] if row["result"] == "error"}
    check("... because of both", sorted(errors), ["usbip-host", "vhci-hcd"])
    for module, row in errors.items():
        check(f"... {module}: {row['what']} -> {row['hint']}", f"modprobe {module}" in row["hint"])
