"""Two fresh Debians: the package is installed, upgraded while a disk is read, removed and purged, and nothing is left of it.

The first half is the README's way from nothing to two hosts, as a newcomer goes it: every command is one of the README's, and newcomer.txt
in the artifacts has what was typed and what was printed. The unit's hardening is that of the package, and so is every process's.
"""
import json
import re
import shlex
import textwrap

import product
from bench import CheckFailed, check, keep, measure, patient, poll, say
from reading import Reading

GUEST = "debian"
SLOW = True
TIMEOUT = 900
CONFIG = "/etc/usbipcluster/usbipcd.json"
PKI = "/etc/usbipcluster/pki"
SERIAL = "0670FF48"
UPGRADE = "usbipcluster_999_amd64.deb"
# Where there is something new on any machine that has run for a while.
NOT_OURS = "/tmp /var/log /var/cache /var/lib/apt /var/lib/dpkg /var/lib/systemd/timers /var/lib/systemd/random-seed /root".split()


def run(a, b):
    # As the README calls them.
    names = {a: "lab1", b: "desk7"}
    for machine, name in names.items():
        machine.sh(f"hostname {name} && ln -s /bench/packages/*.deb /root")
    before = {machine: files(machine) for machine in names}

    newcomer = Newcomer(names)
    disk, first = newcomer.has_two_hosts(a, b)
    found = b.find_disk(SERIAL)
    check("content at desk7", b.checksum(found["device"])["sha256"], disk["sha256"])
    session = whole_session(a, b)

    hang(a, b, session)
    first[a] = process(a)

    reading = Reading(b, found)
    begun = b.now()
    newcomer.both(f"apt install ./{UPGRADE}", 400, keeps=False)
    measure("upgrade of both, at the same time", b.now() - begun, "s")
    check("content at desk7, read over the upgrade", reading.end(), {disk["sha256"]})
    check("both daemons are new", [names[m] for m in names if process(m) == first[m]], [])
    poll("desk7's new daemon has the attachment", lambda: attachments(b) == ["attached"], 120)
    poll("lab1's new daemon knows the holder", lambda: device(a)["state"] == "in-use", 120)
    check("the session is the same", whole_session(a, b), session)
    check("nothing was attached again", [row["reattaches"] for row in told(b, "port")], [0])
    for machine, name in names.items():
        check(f"{name}: the configuration is still its administrator's", machine.sh(f"cat {CONFIG}"), newcomer.configuration[machine])

    newcomer.types(b, "apt remove -y usbipcluster", 240, keeps=False)
    check("desk7: the session lives without the daemon", (b.vhci_ports(), a.connected()), (session["ports"], session["connections"]))
    check("content at desk7, without a daemon there", b.checksum(found["device"])["sha256"], disk["sha256"])
    newcomer.types(b, f"apt install ./{UPGRADE}", 400, keeps=False)
    poll("desk7's daemon is back, and has adopted it", lambda: attachments(b) == ["attached"], 120)
    check("the session is the same", whole_session(a, b), session)

    newcomer.types(b, f"usbipc detach serial={SERIAL}", 120, keeps=False)
    hold(b)
    newcomer.types(a, f"usbipc unbind serial={SERIAL}", keeps=False)
    newcomer.both("apt purge -y usbipcluster", 240, keeps=False)
    check("left at desk7", sorted(files(b) - before[b]), [])
    check("left at lab1, where the CA's key is", sorted(files(a) - before[a]), [
        "/etc/usbipcluster", PKI, *(f"{PKI}/{name}" for name in (
            "ca.crt", "ca.key", "desk7.crt", "desk7.key", "lab1.crt", "lab1.key"))])
    for machine, name in names.items():
        check(f"{name}: gone that was there before", sorted(before[machine] - files(machine)), [])
        check(f"{name}: no unit", machine.sh("systemctl list-units --all --plain --no-legend 'usbipc*'").strip(), "")
        check(f"{name}: no process", machine.run("ls -l /proc/[0-9]*/exe 2>/dev/null | grep usbipcluster")["out"], "")
        check(f"{name}: nothing in /run", machine.run("ls -d /run/usbipcluster /run/vhci_hcd 2>/dev/null")["out"], "")


class Newcomer:
    """Who has two machines and the README."""

    def __init__(self, names):
        self._names = names
        self._readme = (product.ROOT / "README.md").read_text()
        self.configuration = {}

    def has_two_hosts(self, a, b):
        """From the package to a device that is attached. Returns that disk, and the daemons' processes."""
        self.both(*re.findall(r"apt install \./usbipcluster_[0-9.]+_amd64\.deb", self._readme), 400)
        for machine, name in self._names.items():
            check_service(machine, name)
        self.types(a, "usbipc ca init")
        self.types(a, "usbipc ca issue lab1 desk7")
        self.types(a, self._block(r"    for host in lab1 desk7; do\n.*?\n    done\n"), 120)
        self.types(b, f"ls -l {PKI}", is_told=False)
        of_desk7 = self._block(r"    { \"cluster\": .*?\n\n") + "\n"
        self.configures(a, re.sub(r'"seeds": \["lab1"\],\s*', "", of_desk7).replace("desk7", "lab1"))
        self.configures(b, of_desk7)
        self.both("systemctl restart usbipcd", 400)
        first = {machine: process(machine) for machine in self._names}
        poll("both are in one cluster",
             lambda: sorted(n["node"] for n in told(b, "nodes") if n["reachable"]) == ["desk7", "lab1"], 120)
        self.types(a, "usbipc nodes")

        disk = a.make_disk(SERIAL, mib=4)
        poll("desk7 sees lab1's disk", lambda: device(b), 60)
        self.types(b, "usbipc list")
        self.types(a, f"usbipc bind serial={SERIAL}")
        poll("it is available", lambda: device(b)["state"] == "available", 60)
        self.types(b, f"usbipc attach serial={SERIAL}", 120)
        poll("it is attached", lambda: attachments(b) == ["attached"], 120)
        self.types(b, "usbipc port")
        self.types(b, "usbipc status")
        self.both("usbipc doctor", 120)
        for machine, name in self._names.items():
            found = {row["check"] for row in told(machine, "doctor")["checks"] if row["result"] != "ok"}
            # The bench's link has no server of the time.
            check(f"{name}: doctor finds nothing else", found, {"clock.synchronized"})
        return disk, first

    def types(self, machine, command, timeout=60, keeps=True, is_told=True):
        """Runs a command as one types it, and shows both."""
        self._show(machine, command, machine.run(in_shell(command), timeout), keeps, is_told)

    def both(self, command, timeout, keeps=True):
        """The same on both at the same time."""
        running = [(machine, machine.begin("run", in_shell(command), timeout)) for machine in self._names]
        for machine, output in running:
            self._show(machine, command, output.result(), keeps)

    def configures(self, machine, text):
        machine.sh(f"echo {shlex.quote(text)} > {CONFIG}")
        self.configuration[machine] = machine.sh(f"cat {CONFIG}")
        self.types(machine, f"cat {CONFIG}", is_told=False)

    def _block(self, pattern):
        """Lines that the README shows together."""
        return textwrap.dedent(re.search(pattern, self._readme, re.S)[0]).strip()

    def _show(self, machine, command, done, keeps, is_told=True):
        name = self._names[machine]
        # As a terminal shows it, where what ends in a carriage return is written over.
        text = re.sub(r"[^\n]*\r", "", re.sub(r"\r+\n", "\n", done["out"])).rstrip()
        for line in f"root@{name}:~# {command}\n{text}".splitlines():
            say(f"     {line}")
            if keeps:
                keep("newcomer.txt", line)
        if done["code"] != 0:
            raise CheckFailed(f"{name}: {command}: exit {done['code']}: {done['out'].strip()}")
        if keeps and is_told and command.replace("\n", "\n    ") not in self._readme:
            raise CheckFailed(f"the README does not say: {command}")


def hang(a, b, session):
    """A daemon that answers no more is ended by systemd, and started anew; the session goes on."""
    hung = process(a)
    begun = a.now()
    a.sh(f"kill -STOP {hung}")
    poll("lab1: one that hangs is ended", lambda: process(a) != hung, 240)
    took = a.now() - begun
    measure("hung until ended (WatchdogSec is 30 s)", took, "s")
    check("... at once", took < patient(45))
    poll("lab1: another one answers", lambda: process(a) != 0 and device(a), 120)
    measure("hung to the next one that answers", a.now() - begun, "s")
    check("lab1: why it was ended", a.sh("systemctl show --property=NRestarts --value usbipcd").strip(), "1")
    say("     " + a.sh("journalctl -u usbipcd -o cat | grep -i watchdog | head -n 1").strip())
    poll("lab1's new daemon knows the holder", lambda: device(a) and device(a)["state"] == "in-use", 120)
    poll("both are in one cluster again", lambda: all(len([n for n in told(m, "nodes") if n["reachable"]]) == 2 for m in (a, b)), 120)
    check("the session is the same", whole_session(a, b), session)


def hold(machine):
    """A job of an ordinary user has the device for as long as it runs, whatever becomes of the daemon meanwhile."""
    machine.wait_free()
    job = machine.spawn(
        "setpriv", "--reuid=nobody", "--regid=usbip", "--clear-groups", "usbipc", "run", f"serial={SERIAL}", "--wait=120s", "--", "sleep", "1000",
        log="/tmp/job.log")
    poll("the job has the device", lambda: attachments(machine) == ["attached"], 120)
    held = told(machine, "port")
    check("usbipc port says who holds it", held[0]["heldBy"]["pid"], job)
    machine.sh("systemctl restart usbipcd", timeout=400)
    poll("the next daemon holds it on", lambda: attachments(machine) == ["attached"], 120)
    check("... for the same", [told(machine, "port")[0][key] for key in ("id", "port", "heldBy", "reattaches")],
          [held[0][key] for key in ("id", "port", "heldBy", "reattaches")])
    check("SIGKILL of the job", machine.kill(job), -9)
    poll("it is gone with the job", lambda: attachments(machine) == [], 120)


def check_service(machine, name):
    check(f"{name}: enabled", machine.sh("systemctl is-enabled usbipcd").strip(), "enabled")
    check(f"{name}: the socket is the group's", machine.sh("stat -c '%G %a' /run/usbipcluster/control.sock").strip(), "usbip 660")
    of_process = machine.sh(f"cat /proc/{process(machine)}/status /proc/{process(machine)}/limits")
    check(f"{name}: the daemon has no capability", int(re.search(r"CapBnd:\s*(\w+)", of_process)[1], 16), 0)
    check(f"{name}: it leaves no core dump", re.search(r"Max core file size\s+(\w+)\s+(\w+)", of_process).groups(), ("0", "0"))
    check(f"{name}: the hooks are root's", machine.sh("stat -c '%U %a' /etc/usbipcluster/hooks").strip(), "root 755")
    machine.sh("test -e /sys/bus/usb/drivers/usbip-host && test -e /sys/devices/platform/vhci_hcd.0")
    say(f"     {name}: " + machine.sh("systemd-analyze security --no-pager usbipcd | tail -n 1", 60).strip())


def in_shell(command):
    """In Debian's own shell: the agent's has a dpkg of its own."""
    return f"/bin/bash -c {shlex.quote(command)}"


def told(machine, command):
    """What the command says in JSON; nothing while there is no daemon yet."""
    done = machine.run(f"usbipc {command} --json 2> /dev/null")
    return json.loads(done["out"]) if done["code"] == 0 else []


def device(machine):
    return next((row for row in told(machine, "list") if row["serial"] == SERIAL), None)


def attachments(machine):
    return [row["state"] for row in told(machine, "port")]


def process(machine):
    """The daemon's."""
    return int(machine.sh("systemctl show --property=MainPID --value usbipcd"))


def whole_session(a, b):
    """What would be another if the session were."""
    return {"ports": b.vhci_ports(), "connections": a.connected(), "epoch": device(a)["epoch"], "id": told(b, "port")[0]["id"]}


def files(machine):
    """The names of all files on its disk that any program of Debian's does not make by itself."""
    skipped = " -o ".join(f"-path {path}" for path in NOT_OURS)
    return set(machine.sh(f"find / -xdev \\( {skipped} \\) -prune -o -print").splitlines())
