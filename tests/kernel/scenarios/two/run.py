"""A command in a shell script has a disk, and a disk and a serial port, for as long as it runs, and not a moment longer.

Its exit code comes through; when it, `usbipc run` or the daemon is killed, the devices are gone as soon as nothing holds them any more. A
restart of the daemon disturbs nothing.
"""
from bench import check, measure, milliseconds, poll, start_cluster
from daemon import DOTNET, Daemon

CLUSTER = True
TIMEOUT = 480
SCRIPT = "/tmp/job.sh"
RUNNING = "/tmp/running"


def run(a, b):
    disk, port = a.make_disk("DISK"), a.make_acm("SERIAL")
    daemon_a, daemon_b = start_cluster(a, b)
    for serial in ("DISK", "SERIAL"):
        daemon_a.rpc("bind", selector=f"serial={serial}")
        poll(f"B knows {serial}", lambda: daemon_b.devices(serial=serial, state="available"))

    def nothing_left(what, began):
        b.wait_free()
        poll(f"{what}: nothing is attached", lambda: daemon_b.ports() == [])
        measure(f"{what}: to the port free", milliseconds(b.now() - began), "ms")
        check("... no block device of it is left", b.usb_devices(imported=True), [])

    # A job as a CI system runs it: a script, its exit code, its output.
    script(b, 'usbipc run serial=DISK serial=SERIAL -- sh -c \'sha256sum < "$USBIPC_DEVICE_1"; echo tty $USBIPC_DEVICE_2; '
              'test -c "$USBIPC_DEVICE_2" && test -c "$USBIPC_USB_1"; echo $? $USBIPC_COUNT $USBIPC_REMOTE_1; exit 42\'; echo exit $?')
    done = job(b)
    lines = done["out"].split("\n")
    check("the command has read the disk that it was given", lines[0].split()[0], disk["sha256"])
    check("... and has been given the serial port, both nodes there", lines[1:3], ["tty /dev/ttyACM0", f"0 2 A/{disk['busid']}"])
    check("its exit code is the command's", lines[3], "exit 42")
    check("nothing is attached when it has ended", daemon_b.ports(), [])
    b.wait_free()
    # A takes them back one after the other, each with a reset.
    poll("the devices are free on A",
         lambda: [d["state"] for d in daemon_a.devices() if d["serial"] in ("DISK", "SERIAL")] == ["available"] * 2)
    measure("... start of the script to its end", milliseconds(done["end"] - done["start"]), "ms")

    script(b, "usbipc run serial=DISK -- sh -c 'kill -KILL $$'; echo exit $?")
    check("a command that is killed: exit code", job(b)["out"].split("\n")[0], "exit 137")
    check("... and nothing is attached", daemon_b.ports(), [])

    # The whole job is killed, and with it nobody is left who could tidy up.
    run_b, held = begin(b, daemon_b)
    check("usbipc port says who holds it", held["heldBy"]["pid"], run_b)
    began = b.now()
    check("SIGKILL of usbipc run", b.kill(run_b), -9)
    nothing_left("usbipc run killed", began)

    # The daemon is restarted meanwhile: the device goes on being usable, and is gone after.
    run_b, held = begin(b, daemon_b)
    ports, connections = b.vhci_ports(), b.connected()
    check("SIGKILL of B's daemon", daemon_b.kill("KILL"), -9)
    check("content at B without a daemon", b.checksum(held["devices"][0])["sha256"], disk["sha256"])
    daemon_b = Daemon(b, seed=a)
    poll("B's next daemon holds it on",
         lambda: [(row["state"], row["heldBy"]["pid"]) for row in daemon_b.ports()] == [("attached", run_b)])
    check("the kernel's ports and connections are the same", (b.vhci_ports(), b.connected()), (ports, connections))
    check("content at B", b.checksum(held["devices"][0])["sha256"], disk["sha256"])
    began = b.now()
    check("SIGTERM of usbipc run ends its command", b.kill(run_b, "TERM", timeout=30), 143)
    nothing_left("after that", began)

    # And it ends while no daemon runs.
    run_b, held = begin(b, daemon_b)
    check("SIGKILL of B's daemon", daemon_b.kill("KILL"), -9)
    check("SIGKILL of usbipc run", b.kill(run_b), -9)
    check("the device is still there, without a daemon", len(b.usb_devices(imported=True)), 1)
    daemon_b = Daemon(b, seed=a)
    nothing_left("the next daemon's start", daemon_b.ready)


def script(machine, text):
    machine.sh(f"cat > {SCRIPT} <<'END'\nPATH=/bench/bin:$PATH\n{text}\nEND")


def job(machine):
    return machine.ask("execute", within=100, argv=["sh", SCRIPT], timeout=90, env=DOTNET)


def begin(machine, daemon):
    """A job that goes on; its process, and the row of the disk that it has."""
    machine.sh(f"rm -f {RUNNING}")
    job = f"echo $USBIPC_DEVICE > {RUNNING}; exec sleep 1000"
    process = machine.spawn("/bench/bin/usbipc", "run", "serial=DISK", "--", "sh", "-c", job, log="/tmp/run.log", env=DOTNET)
    poll("usbipc run runs its command", lambda: machine.run(f"test -s {RUNNING}")["code"] == 0, timeout=60)
    held, = daemon.ports(state="attached")
    check("... with the disk", [machine.sh(f"cat {RUNNING}").strip(), held["serial"]], [held["devices"][0], "DISK"])
    return process, held
