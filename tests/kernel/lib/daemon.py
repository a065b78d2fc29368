"""Our daemon in a guest: started, asked over its control socket, watched from outside, killed."""
import collections
import json
import shlex

from errors import DaemonError
from polling import poll

SESSION_PORT = 3240
CLUSTER_PORT = 7240
LOG = "/tmp/usbipcd.log"
CONFIG = "/tmp/usbipcd.json"
# Otherwise the runtime maps each piece of the code that it generates twice, and forgetting a mapping is slow under emulation.
DOTNET = {"DOTNET_EnableWriteXorExecute": "0"}


class Switches:
    """Context switches of a process. A voluntary one is the end of a thread's work: there was a wake-up before it."""

    def __init__(self, threads):
        self._threads = threads
        self.voluntary = sum(t["voluntary"] for t in threads.values())
        self.involuntary = sum(t["involuntary"] for t in threads.values())

    def __sub__(self, earlier):
        nothing = {"voluntary": 0, "involuntary": 0}
        return Switches({
            number: {"name": t["name"], **{k: t[k] - earlier._threads.get(number, nothing)[k] for k in nothing}}
            for number, t in self._threads.items()})

    def __str__(self):
        """The threads that woke most, by name, and the involuntary ones of all."""
        names = collections.Counter()
        for thread in self._threads.values():
            names[thread["name"]] += thread["voluntary"]
        most = ", ".join(f"{name} {count}" for name, count in names.most_common(4) if count)
        return f"{most or 'none'}; {self.involuntary} involuntary"


class Daemon:
    """A running usbipcd. Two connections to its control socket stay open: one for calls, one that follows the events."""

    def __init__(self, machine, *arguments, seed=None, config=None, env=None, user=None, control="/run/usbipcluster/control.sock",
                 timeout=150, prefix=()):
        """Starts it as node A, B or C of one cluster and waits for the control socket. `seed` is another machine, `config` what the
        configuration file says, `prefix` a command that becomes usbipcd; more arguments go as they are to usbipcd."""
        self.machine = machine
        if config is not None:
            machine.sh(f"echo {shlex.quote(json.dumps(config))} > {CONFIG}")
            arguments = ("--config", CONFIG, *arguments)
        argv = [*prefix, "/bench/bin/usbipcd", "--node", machine.name,
                "--listen", f"0.0.0.0:{SESSION_PORT}", "--advertise", machine.address,
                "--cluster", f"{machine.cluster_address}:{CLUSTER_PORT}", "--seed", f"{(seed or machine).cluster_address}:{CLUSTER_PORT}",
                *arguments]
        self.started = machine.now()
        self.pid = machine.spawn(*argv, log=LOG, env={"USBIPCLUSTER__CLUSTER__INSECURE": "true", **DOTNET, **(env or {})}, user=user)
        for name in ("calls", "events"):
            machine.ask("rpc_open", within=timeout + 10, name=name, timeout=timeout, pid=self.pid, path=control)
        self.ready = self._answer("calls", "version", {}, timeout)["time"]
        self._answer("events", "events", {"follow": True}, timeout)

    def call(self, method, timeout=30, **params):
        """The result of a control method with the times of its request and answer: {"result", "sent", "time"}."""
        return self._answer("calls", method, params, timeout)

    def rpc(self, method, timeout=30, **params):
        """The result of a control method; DaemonError with code, message and hint when it is an error."""
        return self.call(method, timeout, **params)["result"]

    def _answer(self, connection, method, params, timeout):
        answer = self.machine.ask("rpc", within=timeout + 10, name=connection, method=method, params=params, timeout=timeout)
        if "error" in answer:
            raise DaemonError(method, answer["error"])
        return answer

    def wait_event(self, after, *contains, timeout=30):
        """The first event that arrived at or after a time and has all of these texts in it: {"time" of arrival, "params"}."""
        return self.machine.ask("wait_note", within=timeout + 10, name="events", after=after, timeout=timeout, contains=contains)

    def devices(self, **wanted):
        """The rows of `list` whose fields are as wanted."""
        return [row for row in self.rpc("list") if all(row[k] == v for k, v in wanted.items())]

    def ports(self, **wanted):
        return [row for row in self.rpc("port") if all(row[k] == v for k, v in wanted.items())]

    def session_sockets(self):
        """Its TCP descriptors that belong to a USB/IP session: everything on the session port but the listener."""
        return [s for s in self.machine.ask("sockets", pid=self.pid)
                if s["state"] != "listen" and f":{SESSION_PORT}" in s["local"] + " " + s["remote"]]

    def vitals(self):
        """What it holds of the machine: {"descriptors", "threads", "resident" (bytes)}."""
        return self.machine.ask("vitals", pid=self.pid)

    def switches(self):
        """The context switches of all its threads so far; the difference of two is what happened between them."""
        return Switches(self.machine.ask("switches", pid=self.pid))

    def kill(self, signal="KILL"):
        """Sends the signal, waits for the end and returns the exit code (negative: the signal)."""
        for name in ("calls", "events"):
            self.machine.ask("rpc_close", name=name)
        return self.machine.kill(self.pid, signal)


def start_cluster(first, *others, timeout=120):
    """Our daemon on each of the machines, at the same time, the first being the seed of all; returns when each reaches every other.

    Those that run before a scenario with CLUSTER begins are not started but returned, the first time.
    """
    machines = [first, *others]
    running = {m: m.daemon for m in machines if m.daemon}
    starting = {m: m.begin("start_daemon", seed=first) for m in machines if m not in running}
    daemons = [running.get(m) or starting[m].result() for m in machines]
    for machine in machines:
        machine.daemon = None
    names = {d.machine.name for d in daemons}
    for daemon in daemons:
        poll(f"{daemon.machine.name}'s daemon reaches {', '.join(sorted(names))}",
             lambda: names <= {n["node"] for n in daemon.rpc("nodes") if n["reachable"] and n["status"] == "up"}, timeout)
    for daemon in daemons:
        plugged = {d["busid"] for d in daemon.machine.usb_devices(imported=False)}
        poll(f"{daemon.machine.name}'s daemon knows its devices",
             lambda: plugged <= {d["busid"] for d in daemon.rpc("list", local=True)}, timeout)
    return daemons
