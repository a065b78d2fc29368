"""USB devices without hardware: gadgets on dummy_hcd, whose host side is an ordinary bus of this machine.

Plugging in is binding a gadget to a free dummy_udc, unplugging is unbinding it.
"""
import os
import random
import subprocess
import time

from sysusb import link

_CONFIGFS = "/sys/kernel/config/usb_gadget"
_UDCS = "/sys/class/udc"
_DEVICES = "/sys/bus/usb/devices"

# A boot keyboard (HID 1.11, appendix B.1), 8-byte reports.
_KEYBOARD = bytes.fromhex("05010906a101050719e029e71500250175019508810295017508810395057501050819012905910295017503"
                          "910395067508150025650507190029658100c0")


def _write(path, value):
    with open(path, "wb") as file:
        file.write(value if isinstance(value, bytes) else str(value).encode())


def _make(name, serial, vid, pid, product, function):
    folder = f"{_CONFIGFS}/{name}"
    os.makedirs(f"{folder}/strings/0x409")
    for attribute, value in (("idVendor", vid), ("idProduct", pid), ("bcdDevice", "0x0100"), ("bcdUSB", "0x0200"),
                             ("strings/0x409/serialnumber", serial), ("strings/0x409/manufacturer", "UsbIpCluster bench"),
                             ("strings/0x409/product", product)):
        _write(f"{folder}/{attribute}", value)
    os.mkdir(f"{folder}/functions/{function}")
    os.makedirs(f"{folder}/configs/c.1")
    return folder


def _finish(folder, function):
    os.symlink(f"{folder}/functions/{function}", f"{folder}/configs/c.1/{function}")


def content(serial, size):
    """What a disk of that serial number holds: known to whoever knows the number (the host computes it too)."""
    return random.Random(serial).randbytes(size)


def make_disk(serial, size, vid="0x0525", pid="0xa4a5", udc=None, timeout=10):
    backing = f"/tmp/{serial}.img"
    _write(backing, content(serial, size))
    function = "mass_storage.0"
    folder = _make(serial, serial, vid, pid, "Bench disk", function)
    _write(f"{folder}/functions/{function}/lun.0/ro", "1")
    _write(f"{folder}/functions/{function}/lun.0/file", backing)
    _finish(folder, function)
    return plug(serial, udc, timeout)


def make_acm(serial, vid="0x0525", pid="0xa4a7", timeout=10):
    folder = _make(serial, serial, vid, pid, "Bench serial port", "acm.0")
    _finish(folder, "acm.0")
    return plug(serial, timeout=timeout)


def make_hid(serial, vid="0x0525", pid="0xa4ac", timeout=10):
    folder = _make(serial, serial, vid, pid, "Bench keyboard", "hid.0")
    for attribute, value in (("protocol", 1), ("subclass", 1), ("report_length", 8), ("report_desc", _KEYBOARD)):
        _write(f"{folder}/functions/hid.0/{attribute}", value)
    _finish(folder, "hid.0")
    return plug(serial, timeout=timeout)


def plug(serial, udc=None, timeout=10, attempts=2):
    """Binds the gadget to a controller (the first free one) and waits until its bus has the device; returns its bus id.

    It was seen not to come in time, once in many runs and for no reason that was found: then it is pulled out and plugged in again.
    """
    if udc is None:
        used = set()
        for gadget in os.listdir(_CONFIGFS):
            with open(f"{_CONFIGFS}/{gadget}/UDC") as file:
                used.add(file.read().strip())
        udc = next(u for u in sorted(os.listdir(_UDCS)) if u not in used)
    for _ in range(attempts):
        started = time.monotonic()
        _write(f"{_CONFIGFS}/{serial}/UDC", udc)
        while time.monotonic() < started + timeout:
            for busid in os.listdir(_DEVICES):
                path = f"{_DEVICES}/{busid}"
                if "dummy_hcd" in link(path) and _read(f"{path}/serial") == serial and _is_taken(path):
                    return {"serial": serial, "busid": busid, "udc": udc, "plugged": started}
            time.sleep(0.01)
        unplug(serial)
    raise TimeoutError(f"gadget {serial} on {udc} did not appear on its bus, {attempts} times; the kernel's last words: {_last_words()}")


def _last_words():
    return subprocess.run("dmesg | tail -n 12", shell=True, capture_output=True, text=True).stdout


def _is_taken(path):
    """Whether a driver has made the device its own. The ordinary one has configured it then; usbip-host leaves that to the importer."""
    return _read(f"{path}/bConfigurationValue") or os.path.basename(link(f"{path}/driver")) == "usbip-host"


def _read(path):
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""


def unplug(serial):
    """Takes the device off its bus; the gadget stays and can be plugged in again. Returns the time before."""
    started = time.monotonic()
    _write(f"{_CONFIGFS}/{serial}/UDC", "\n")
    return started


HANDLERS = {"make_disk": make_disk, "make_acm": make_acm, "make_hid": make_hid, "plug": plug, "unplug": unplug}
