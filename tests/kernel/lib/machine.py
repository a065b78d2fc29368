"""A guest as a scenario sees it: run commands, plug devices in and out, watch uevents, talk to the daemon.

Every method that takes or returns a time uses this machine's own clock; `on_host(t)` converts it for comparison between machines.
"""
import concurrent.futures
import hashlib
import random
import shlex
import time

from agent import Agent
from daemon import DOTNET, Daemon
from errors import GuestError
from polling import SPARE, patient, poll
from qemu import CLUSTER_LINK, LINK, Qemu
from say import say

# Three times what it takes when three machines boot on two idle cores.
BOOT_TIMEOUT = 45


class Machine:
    def __init__(self, name, image, folder, logs, bench_disk):
        # Daemons use the one address for sessions alone, and the other for the cluster.
        self.name, self.address, self.cluster_address = name, LINK[name], CLUSTER_LINK[name]
        self.qemu = Qemu(name, image, folder, logs, bench_disk)
        self._offset = 0.0
        self._earlier = {}
        self._background = concurrent.futures.ThreadPoolExecutor(max_workers=16)
        # Our daemon, when it ran already before the scenario began: see start_cluster.
        self.daemon = None

    # Life

    def start(self):
        """Powers the machine on; `wait_ready` waits for the end of its boot."""
        self._agent = Agent(self.name, self.qemu.start())
        self._started = time.monotonic()

    def boot(self, attempts=3):
        """Waits until the machine is up with a clock that keeps time; returns the seconds since power on.

        A boot was seen to hang, silent and with both processors busy; and the kernel calibrates its clock while it boots, and fails when
        the emulated CPU is kept waiting in the wrong moment. Neither is about what is tested.
        """
        for left in reversed(range(attempts)):
            try:
                seconds = self.wait_ready()
                rate = self.clock_rate()
                if abs(rate - 1) < 0.05:
                    return seconds
                trouble = f"{self.name}'s clock runs {rate:.2f} times too fast"
            except GuestError as error:
                trouble = str(error)
            if left:
                say(f"boot: {trouble}; starting it again")
                self.power_off()
                self.start()
        raise GuestError(f"{trouble}, and {attempts} boots did not help")

    def wait_ready(self):
        """Seconds from power on until the agent answers."""
        trouble = self._agent.wait_ready(self._started + patient(BOOT_TIMEOUT * SPARE) - time.monotonic())
        if trouble:
            console = "\n".join(self.qemu.console.read_text(errors="replace").splitlines()[-30:])
            raise GuestError(f"{self.name} {trouble}:\n{console}")
        self.sync_clock()
        return time.monotonic() - self._started

    def power_off(self):
        """As if the power failed; `start` boots it again with what reached its disk."""
        self.qemu.kill()
        self._agent.close()

    def reboot(self):
        """Boots again with what is on its disk; nothing runs or is plugged in then. The logs so far are kept. Returns the seconds."""
        self._earlier.update({f"before.{name}": text for name, text in self.logs().items()})
        self.sh("sync")
        self.power_off()
        self.start()
        return self.boot()

    def end(self):
        self.qemu.kill()

    def cut_link(self, cut=True):
        """Pulls the network cable, or puts it back."""
        self.qemu.qmp("set_link", name="link", up=not cut)

    def cut_cluster(self, cut=True):
        """Takes the cluster's address away, or gives it back: connections that use it are silent meanwhile, but not ended."""
        self.sh(f"ip address {'del' if cut else 'add'} {self.cluster_address}/24 dev eth0")

    # Requests

    def ask(self, do, within=30, **arguments):
        """One request to the agent (guest/*.py); its own time-outs are shorter than `within`."""
        return self._agent.ask(do, within, **arguments)

    def run(self, command, timeout=30):
        """A shell command: {"code", "out" (both streams), "start", "end"}."""
        return self.ask("sh", within=timeout + 10, command=command, timeout=timeout)

    def sh(self, command, timeout=30):
        """The output of a shell command that must end with 0."""
        done = self.run(command, timeout)
        if done["code"] != 0:
            raise GuestError(f"{self.name}: {command}: exit {done['code']}: {done['out'].strip()}")
        return done["out"]

    def begin(self, method, *arguments, **options):
        """Calls a function, or one of this class's methods by its name, in the background; `.result()` of what is returned waits for it."""
        return self._background.submit(method if callable(method) else getattr(self, method), *arguments, **options)

    def spawn(self, *argv, log="/tmp/spawned.log", env=None, user=None):
        """Starts a process and leaves it running; returns its id."""
        return self.ask("spawn", argv=argv, log=log, env=env, user=user)

    def wait(self, pid, timeout=30):
        """The exit code of a spawned process, None if it still runs."""
        return self.ask("wait", within=timeout + 10, pid=pid, timeout=timeout)

    def kill(self, pid, signal="KILL", timeout=10):
        """Sends a spawned process the signal and waits for its end; returns the exit code (negative: the signal)."""
        return self.ask("kill", within=timeout + 10, pid=pid, name=signal, timeout=timeout)

    # Time

    def now(self):
        return self.ask("monotonic")

    def sync_clock(self):
        """Measures this machine's clock against the host's, with the quickest of some round trips; returns that one's length."""
        best = None
        for _ in range(10):
            before = time.monotonic()
            there = self.now()
            after = time.monotonic()
            if best is None or after - before < best:
                best, self._offset = after - before, (before + after) / 2 - there
        return best

    def clock_rate(self, interval=0.3):
        """How many seconds pass here in one second of the host."""
        self.sync_clock()
        before, host = self._offset, time.monotonic()
        time.sleep(interval)
        self.sync_clock()
        passed = time.monotonic() - host
        return (passed - (self._offset - before)) / passed

    def on_host(self, moment):
        return moment + self._offset

    # Devices

    def make_disk(self, serial, mib=1, udc=None):
        """A USB disk with known content, plugged in: {"serial", "busid", "udc", "plugged", "sha256"}."""
        size = int(mib * (1 << 20))
        return {**self.ask("make_disk", serial=serial, size=size, udc=udc, timeout=10), "sha256": disk_checksum(serial, size)}

    def make_acm(self, serial):
        return self.ask("make_acm", serial=serial, timeout=10)

    def make_hid(self, serial):
        return self.ask("make_hid", serial=serial, timeout=10)

    def plug(self, device, udc=None):
        """Plugs it in again, on the port it had unless told otherwise; its bus id is updated."""
        device.update(self.ask("plug", serial=device["serial"], udc=udc, timeout=10))
        return device["plugged"]

    def unplug(self, device):
        return self.ask("unplug", serial=device["serial"])

    def usb_devices(self, **wanted):
        return [d for d in self.ask("usb_devices") if all(d[k] == v for k, v in wanted.items())]

    def vhci_ports(self):
        return self.ask("vhci_ports")

    def wait_listening(self, port, timeout=20):
        return self.ask("wait_listening", within=timeout + 10, port=port, timeout=timeout)

    def wait_free(self, timeout=30):
        """Waits until every port of vhci_hcd is free."""
        return self.ask("wait_free", within=timeout + 10, timeout=timeout)

    def wait_exported(self, busid, timeout=30):
        """Waits until usbip-host has the device and nobody uses it."""
        return self.ask("wait_exported", within=timeout + 10, busid=busid, timeout=timeout)

    def wait_uevent(self, after, action=None, path=None, type=None, timeout=30):
        return self.ask("wait_uevent", within=timeout + 10, after=after, timeout=timeout, action=action, path=path, type=type)

    def wait_imported(self, after, timeout=30):
        """The uevent of a USB device that appears below vhci_hcd at or after a time."""
        return self.wait_uevent(after, "add", r"/vhci_hcd\.", "usb_device", timeout)

    def find_disk(self, serial, imported=True, timeout=20):
        return self.ask("find_disk", within=timeout + 10, serial=serial, imported=imported, timeout=timeout)

    def checksum(self, path, timeout=60, pause=0):
        return self.ask("checksum", within=timeout, path=path, pause=pause)

    def begin_reading(self, disk):
        """Begins the checksum of a disk that `find_disk` has found; returns when a quarter is read. `.result()` waits for the rest."""
        before = self.sectors_read(disk["device"])
        reading = self.begin("checksum", disk["device"])
        poll("a quarter of the disk is read", lambda: self.sectors_read(disk["device"]) - before > disk["sectors"] // 4)
        return reading

    def sectors_read(self, path):
        return self.ask("sectors_read", path=path)

    def read_blocks(self, path, count, timeout=120):
        return self.ask("read_blocks", within=timeout, path=path, count=count)

    # The daemon and the command

    def start_daemon(self, *arguments, **options):
        """Our daemon, as soon as it answers: see Daemon."""
        return Daemon(self, *arguments, **options)

    def command(self, arguments, user=None, timeout=60):
        """Runs usbipc: {"code", "out", "err", "start", "end"}. It costs 2 s to start here: what is timed goes over Daemon.rpc."""
        return self.ask("execute", within=timeout + 10, argv=["/bench/bin/usbipc", *shlex.split(arguments)], timeout=timeout, env=DOTNET,
                        user=user)

    def reset_tcp(self, port=3240):
        """Resets the established connections with that port, as `ss -K` does: {"time", "count"}."""
        return self.ask("reset_tcp", port=port)

    def connected(self, port=3240):
        """The ports at the other ends of the established connections with that port: each names one connection for `reset_tcp`."""
        return self.ask("connected", port=port)

    def spoil(self, target, busid):
        """As a USB/IP client of [host, port], makes usbip-host there give the device up."""
        self.ask("import_and_spoil", target=target, busid=busid)

    def serve_mute(self, devices, port=3240):
        """A USB/IP server of {bus id: {"speed": 1 to 5}}: devices that are imported and then answer nothing (guest/mute.py)."""
        self.ask("serve_mute", port=port, devices=devices)

    def mute_imports(self, **wanted):
        """The imports of that server: [{"busid", "time", "bytes" received since, "ended" (None while the session lives)}]."""
        return [i for i in self.ask("mute_imports") if all(i[k] == v for k, v in wanted.items())]

    def occupy(self, ports):
        """Fills high-speed ports of vhci_hcd with dead sessions; `ask("end_mute")` frees them."""
        self.ask("occupy", ports=ports)

    # Between scenarios

    def logs(self):
        """What to keep of a scenario: {name: text} of the kernel's log and of every log in /tmp."""
        try:
            names = self.sh("ls /tmp/*.log 2>/dev/null || true").split()
            texts = {name.rsplit("/", 1)[1]: self.run(f"cat {name}")["out"] for name in names}
            return {"dmesg": self.run("dmesg -c")["out"], **texts, **self._earlier}
        except GuestError as error:
            return {"lost": f"{error}\n{self.qemu.console.read_text(errors='replace')}", **self._earlier}

    def silence(self):
        """Before its snapshot is loaded: whatever the scenario has left, it is a machine that is on and hears nothing."""
        if not self.qemu.is_running():
            self.start()
        self.cut_link()

    def resume(self):
        """After its snapshot was loaded."""
        self.cut_link(False)
        self.qemu.qmp("cont")
        self._earlier.clear()


def disk_checksum(serial, size):
    return hashlib.sha256(random.Random(serial).randbytes(size)).hexdigest()
