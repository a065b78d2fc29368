"""One QEMU process: its command line and its monitor (QMP)."""
import ctypes
import json
import pathlib
import signal
import socket
import subprocess
import time

from polling import patient

LINK = {"A": "10.0.0.1", "B": "10.0.0.2", "C": "10.0.0.3"}
CLUSTER_LINK = {"A": "10.1.0.1", "B": "10.1.0.2", "C": "10.1.0.3"}
START_TIMEOUT = 20
_HUB = "A"
_PR_SET_PDEATHSIG = 1


class Qemu:
    """A machine without KVM: two emulated CPUs, a disk of its own over the shared image, one link, an agent port, a console."""

    def __init__(self, name, image, folder, logs, bench_disk):
        self.name, self.folder = name, pathlib.Path(folder)
        self.console = pathlib.Path(logs, f"{name}.console")
        self._disk = self.folder / f"{name}.qcow2"
        if not self._disk.exists():
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", image / "root.ext4", self._disk], check=True)
        self._peers = [peer for peer in LINK if _HUB in (name, peer) and peer != name]
        self._arguments = [
            "qemu-system-x86_64", "-name", name, "-M", "q35", "-accel", "tcg,thread=multi,tb-size=1024", "-cpu", "max,la57=off",
            "-smp", "2", "-m", "1024", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", image / "vmlinux", "-initrd", image / "initrd",
            "-append", f"console=ttyS0 loglevel=4 panic=-1 mitigations=off nokaslr random.trust_cpu=on tsc=reliable no_timer_check "
                       f"net.ifnames=0 bench.node={name} bench.addresses={LINK[name]},{CLUSTER_LINK[name]}",
            "-drive", f"if=virtio,format=qcow2,file={self._disk}",
            "-drive", f"if=virtio,format=raw,readonly=on,file={bench_disk}",
            *self._link(),
            "-device", "qemu-xhci,id=xhci", "-audiodev", "none,id=silence",
            "-device", "virtio-serial-pci", "-chardev", f"socket,id=agent,path={self._socket('agent')},server=on,wait=off",
            "-device", "virtserialport,chardev=agent,name=bench",
            "-chardev", f"file,id=console,path={self.console},append=on", "-serial", "chardev:console",
            "-qmp", f"unix:{self._socket('qmp')},server=on,wait=off",
        ]

    def _socket(self, kind, name=None):
        return self.folder / f"{name or self.name}.{kind}"

    def _link(self):
        """One machine has a hub, to which the others have cables, so that any of them may be off or restart."""
        number = list(LINK).index(self.name) + 1
        card = ["-device", f"virtio-net-pci,netdev=link,mac=52:54:00:00:00:0{number},romfile="]
        if self.name != _HUB:
            return [*self._cable("link", _HUB), *card]
        hub = ["-netdev", "hubport,id=link,hubid=0"]
        for peer in self._peers:
            hub += [*self._cable(f"cable{peer}", peer), "-netdev", f"hubport,id=port{peer},hubid=0,netdev=cable{peer}"]
        return [*hub, *card]

    def _cable(self, name, peer):
        """Datagrams between two Unix sockets."""
        return ["-netdev", f"dgram,id={name},local.type=unix,local.path={self._end(self.name, peer)},"
                           f"remote.type=unix,remote.path={self._end(peer, self.name)}"]

    def _end(self, here, there):
        return self._socket(f"to{there}", here)

    def start(self):
        for kind in ("agent", "qmp", *(f"to{peer}" for peer in self._peers)):
            self._socket(kind).unlink(missing_ok=True)
        self.process = subprocess.Popen(self._arguments, stdin=subprocess.DEVNULL, stdout=open(self.console, "ab"),
                                        stderr=subprocess.STDOUT, preexec_fn=_die_with_parent)
        try:
            self._monitor = connect(self._socket("qmp"), patient(START_TIMEOUT), self.process).makefile("rw")
            self._monitor.readline()
            self.qmp("qmp_capabilities")
            return connect(self._socket("agent"), patient(START_TIMEOUT), self.process)
        except (RuntimeError, OSError, ValueError):
            self.kill()
            raise

    def qmp(self, command, **arguments):
        self._monitor.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self._monitor.flush()
        while True:
            line = self._monitor.readline()
            if not line:
                raise RuntimeError(f"machine {self.name}: QEMU closed its monitor during {command}")
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(f"machine {self.name}: {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def snapshot(self, verb, name):
        """savevm or loadvm: memory, devices and disk as they are, kept in the machine's own disk, or back as they were."""
        trouble = self.qmp("human-monitor-command", **{"command-line": f"{verb} {name}"})
        if trouble:
            raise RuntimeError(f"machine {self.name}: {verb} {name}: {trouble.strip()}")

    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        """As if the power failed."""
        if self.is_running():
            self.process.kill()
        self.process.wait(10)


def connect(path, timeout, process):
    deadline = time.monotonic() + timeout
    while True:
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(str(path))
            return link
        except OSError:
            link.close()
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"QEMU did not start: see the console ({path})") from None
            time.sleep(0.02)


def _die_with_parent():
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
