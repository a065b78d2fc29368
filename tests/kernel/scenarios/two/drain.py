"""A node that is drained gives out nothing new, leaves alone what is used, and says when nothing is used any more."""
from bench import check, fails, measure, milliseconds, poll, start_cluster

CLUSTER = True


def run(a, b):
    used, spare = a.make_disk("USED"), a.make_acm("SPARE")
    daemon_a, daemon_b = start_cluster(a, b)
    for serial in ("USED", "SPARE"):
        daemon_a.rpc("bind", selector=f"serial={serial}")
        poll(f"B knows that {serial} is available", lambda: daemon_b.devices(serial=serial, state="available"))
    attached = daemon_b.rpc("attach", selector="serial=USED", waitSeconds=30)[0]
    found = b.find_disk("USED")

    def rows(answer):
        return [(row["serial"], row["state"], row["holder"]) for row in answer]

    check("drain names what is used", rows(daemon_a.rpc("drain")), [("USED", "in-use", f"B/{attached['id']}")])
    poll("B knows that A is drained", lambda: [n["status"] for n in daemon_b.rpc("nodes") if n["node"] == "A"] == ["draining"])
    fails("B asks for the spare device", 4, lambda: daemon_b.rpc("attach", selector="serial=SPARE"))
    fails("A asks for it", 4, lambda: daemon_a.rpc("attach", selector="serial=SPARE"))
    check("the used disk's content", b.checksum(found["device"])["sha256"], used["sha256"])
    fails("a wait for the end, while B uses it", 6, lambda: daemon_a.rpc("drain", waitSeconds=0.5))

    waiting = a.begin(daemon_a.call, "drain", waitSeconds=60, timeout=70)
    detach = daemon_b.call("detach", target=attached["id"])
    answer = waiting.result()
    check("drain's wait ends when B has detached", rows(answer["result"]), [])
    measure("B's detach to the end of the wait", milliseconds(a.on_host(answer["time"]) - b.on_host(detach["sent"])), "ms")
    check("... not before", a.on_host(answer["time"]) > b.on_host(detach["sent"]))
    check("A's kernel says that it is free", a.usb_devices(serial="USED")[0]["usbip_status"], "1")

    daemon_a.rpc("drain", off=True)
    poll("B knows that A is not drained", lambda: [n["status"] for n in daemon_b.rpc("nodes") if n["node"] == "A"] == ["up"])
    daemon_b.rpc("attach", selector="serial=SPARE", waitSeconds=30)
    check("B has the spare device", [d["vid"] for d in b.usb_devices(serial="SPARE", imported=True)], ["0525"])
    check("at its bus id of A", daemon_b.ports()[0]["busid"], spare["busid"])
