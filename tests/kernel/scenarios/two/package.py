"""Two fresh Debians: the package is installed, upgraded while a disk is read, removed and purged, and nothing is left of it.

In between what the README tells a newcomer to do: a CA, a certificate for each host, a device exported and attached. The commands and what
they say are printed, and make a transcript of it. The unit's hardening is that of the package, and so is every process's.
"""
import json
import shlex

from bench import CheckFailed, check, measure, poll, say
from reading import Reading

GUEST = "debian"
SLOW = True
TIMEOUT = 900
CONFIG = "/etc/usbipcluster/usbipcd.json"
PKI = "/etc/usbipcluster/pki"
# Where there is something new on any machine that has run for a while.
NOT_OURS = "/tmp /var/log /var/cache /var/lib/dpkg /var/lib/systemd/timers /var/lib/systemd/random-seed /root".split()


def run(a, b):
    before = {machine: files(machine) for machine in (a, b)}

    both(a, b, "dpkg -i /bench/packages/first.deb", 400)
    first = processes(a, b)
    for machine in (a, b):
        check(f"{machine.name}: enabled", machine.sh("systemctl is-enabled usbipcd").strip(), "enabled")
        socket = machine.sh("stat -c '%G %a' /run/usbipcluster/control.sock").strip()
        check(f"{machine.name}: the socket is the group's", socket, "usbip 660")
        check(f"{machine.name}: the daemon has no capability", capabilities(machine), 0)
        machine.sh("test -e /sys/bus/usb/drivers/usbip-host && test -e /sys/devices/platform/vhci_hcd.0")

    at(a, "usbipc ca init")
    at(a, "usbipc ca issue A B")
    # As scp does.
    files_of_b = a.sh(f"tar -C {PKI} -c ca.crt B.crt B.key | base64 -w 0")
    b.sh(f"mkdir -m 0700 {PKI} && echo {files_of_b} | base64 -d | tar -C {PKI} -xp")
    for machine in (a, b):
        machine.sh(f"echo '{json.dumps(configuration(machine))}' > {CONFIG}")
    both(a, b, "systemctl restart usbipcd", 400)
    poll("both are in one cluster", lambda: sorted(n["node"] for n in told(b, "nodes") if n["reachable"]) == ["A", "B"], 120)
    at(a, "usbipc nodes")

    disk = a.make_disk("PACKAGED", mib=4)
    poll("B sees A's disk", lambda: device(b), 60)
    at(b, "usbipc list")
    at(a, "usbipc bind serial=PACKAGED")
    poll("it is available", lambda: device(b)["state"] == "available", 60)
    at(b, "usbipc attach serial=PACKAGED", 120)
    at(b, "usbipc port")
    found = b.find_disk("PACKAGED")
    check("content at B", b.checksum(found["device"])["sha256"], disk["sha256"])
    session = whole_session(a, b)

    reading = Reading(b, found)
    begun = b.now()
    both(a, b, "dpkg -i /bench/packages/second.deb", 400)
    second = processes(a, b)
    measure("upgrade of both, at the same time", b.now() - begun, "s")
    check("content at B, read over the upgrade", reading.end(), {disk["sha256"]})
    check("both daemons are new", [m.name for m in (a, b) if second[m] == first[m]], [])
    poll("B's new daemon has the attachment", lambda: [r["state"] for r in told(b, "port")] == ["attached"], 120)
    poll("A's new daemon knows the holder", lambda: device(a)["state"] == "in-use", 120)
    check("the session is the same", whole_session(a, b), session)
    check("nothing was attached again", [r["reattaches"] for r in told(b, "port")], [0])
    for machine in (a, b):
        kept = json.loads(machine.sh(f"cat {CONFIG}"))
        check(f"{machine.name}: the configuration is still its administrator's", kept, configuration(machine))
    at(b, "usbipc status")

    at(b, "dpkg -r usbipcluster", 120)
    check("B: the session lives without the daemon", (b.vhci_ports(), a.connected()), (session["ports"], session["connections"]))
    check("content at B, without a daemon there", b.checksum(found["device"])["sha256"], disk["sha256"])
    at(b, "dpkg -i /bench/packages/second.deb", 400)
    poll("B's daemon is back, and has adopted it", lambda: [r["state"] for r in told(b, "port")] == ["attached"], 120)
    check("the session is the same", whole_session(a, b), session)

    at(b, "usbipc detach serial=PACKAGED", 120)
    at(a, "usbipc unbind serial=PACKAGED")
    both(a, b, "dpkg -P usbipcluster", 240)
    check("left at B", sorted(files(b) - before[b]), [])
    check("left at A, where the CA's key is", sorted(files(a) - before[a]),
          ["/etc/usbipcluster", *(f"{PKI}{name}" for name in ("", "/A.crt", "/A.key", "/B.crt", "/B.key", "/ca.crt", "/ca.key"))])
    for machine in (a, b):
        check(f"{machine.name}: gone that was there before", sorted(before[machine] - files(machine)), [])
        check(f"{machine.name}: no unit", machine.sh("systemctl list-units --all --plain --no-legend 'usbipc*'").strip(), "")
        check(f"{machine.name}: no process", machine.run("ls -l /proc/[0-9]*/exe 2>/dev/null | grep usbipcluster")["out"], "")
        check(f"{machine.name}: nothing in /run", machine.run("ls -d /run/usbipcluster /run/vhci_hcd 2>/dev/null")["out"], "")


def at(machine, command, timeout=60):
    """Runs a command as its administrator types it, and prints both."""
    done = machine.run(in_shell(command), timeout)
    show(machine, command, done["out"])
    if done["code"] != 0:
        raise CheckFailed(f"{machine.name}: {command}: exit {done['code']}: {done['out'].strip()}")


def both(a, b, command, timeout):
    """The same on both at the same time."""
    running = [(machine, machine.begin("sh", in_shell(command), timeout)) for machine in (a, b)]
    for machine, output in running:
        show(machine, command, output.result())


def in_shell(command):
    """In Debian's own shell: the agent's has a dpkg of its own."""
    return f"/bin/sh -c {shlex.quote(command)}"


def show(machine, command, output):
    say(f"     {machine.name}# {command}")
    for line in output.splitlines():
        say(f"     {line}")


def configuration(machine):
    # An upgrade keeps an emulated machine so busy that it may not answer for long. How soon a loss is seen is not what this is about.
    keepalive = {"userTimeout": "300s", "idle": "60s", "interval": "30s"}
    files_of_tls = {"ca": f"{PKI}/ca.crt", "certificate": f"{PKI}/{machine.name}.crt", "key": f"{PKI}/{machine.name}.key"}
    return {"cluster": {"tls": files_of_tls, "seeds": ["A"]}, "keepalive": keepalive}


def told(machine, command):
    """What the command says in JSON; nothing while there is no daemon yet."""
    done = machine.run(f"usbipc {command} --json 2> /dev/null")
    return json.loads(done["out"]) if done["code"] == 0 else []


def device(machine):
    return next((row for row in told(machine, "list") if row["serial"] == "PACKAGED"), None)


def processes(*machines):
    """The daemon's process on each."""
    return {m: int(m.sh("systemctl show --property=MainPID --value usbipcd")) for m in machines}


def capabilities(machine):
    return int(machine.sh(f"grep CapBnd /proc/{processes(machine)[machine]}/status").split()[1], 16)


def whole_session(a, b):
    """What would be another if the session were."""
    return {"ports": b.vhci_ports(), "connections": a.connected(), "epoch": device(a)["epoch"], "id": told(b, "port")[0]["id"]}


def files(machine):
    """The names of all files on its disk that any program of Debian's does not make by itself."""
    skipped = " -o ".join(f"-path {path}" for path in NOT_OURS)
    return set(machine.sh(f"find / -xdev \\( {skipped} \\) -prune -o -print").splitlines())
