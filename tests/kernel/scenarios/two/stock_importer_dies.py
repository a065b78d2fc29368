"""With the stock tools a device whose importer's power failed stays busy: 30 s later, and for the same importer when it is back.

Nothing is on its way when the power fails, so nothing ever tells A's kernel; were there something, A would learn of it from B's next
boot, up to two minutes after that. `two/hosts_die` shows our daemons.
"""
import time

from bench import check, measure, poll

PRODUCT = False
USED = "2"
LATER = 30


def run(a, b):
    disk = a.make_disk("STOCKDIES")
    a.sh(f"usbip bind -b {disk['busid']}")
    a.spawn("usbipd", log="/tmp/usbipd.log")
    a.wait_listening(3240)
    attach = f"usbip attach -r {a.address} -b {disk['busid']}"
    b.sh(attach)
    check("content at B", b.checksum(b.find_disk("STOCKDIES")["device"])["sha256"], disk["sha256"])

    waiting = "ss -Htn state established sport = :3240"
    poll("B has acknowledged everything", lambda: [row.split()[1] for row in a.sh(waiting).splitlines()] == ["0"])
    died = time.monotonic()
    b.power_off()
    b.start()
    b.boot()
    measure("B is back after", time.monotonic() - died, "s")
    again = b.run(attach)
    check("the same attach is refused", again["code"] != 0)
    check(f"... as busy: {again['out'].strip().splitlines()[-1]}", "busy" in again["out"])
    time.sleep(max(0, died + LATER - time.monotonic()))
    measure("A looks at the device after", time.monotonic() - died, "s")
    check("A's kernel says that it is used", a.usb_devices(serial="STOCKDIES")[0]["usbip_status"], USED)
    check("the same attach is refused", b.run(attach)["code"] != 0)
    a.sh(f"echo -n -1 > /sys/bus/usb/devices/{disk['busid']}/usbip_sockfd")
    a.wait_exported(disk["busid"])
    b.sh(attach)
    check("only when A's administrator has ended the session by hand, B has it",
          b.checksum(b.find_disk("STOCKDIES")["device"])["sha256"], disk["sha256"])
