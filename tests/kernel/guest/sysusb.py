"""What this machine's kernel says of USB: devices, the ports of vhci_hcd, disks and their content."""
import fcntl
import glob
import hashlib
import mmap
import os
import time

_DEVICES = "/sys/bus/usb/devices"
_VHCI = "/sys/devices/platform/vhci_hcd.0"
_BLKFLSBUF = 0x1261


def _read(path):
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""


def link(path):
    """Where a link of sysfs leads; empty when it is not there, or not any more."""
    try:
        return os.readlink(path)
    except OSError:
        return ""


def usb_devices():
    """Every USB device but hubs: [{"busid", "serial", "vid", "pid", "driver", "imported", "usbip_status"}]."""
    found = []
    for busid in sorted(os.listdir(_DEVICES)):
        path = f"{_DEVICES}/{busid}"
        if ":" in busid or busid.startswith("usb"):
            continue
        found.append({"busid": busid, "serial": _read(f"{path}/serial"), "vid": _read(f"{path}/idVendor"),
                      "pid": _read(f"{path}/idProduct"), "driver": os.path.basename(link(f"{path}/driver")),
                      "imported": "/vhci_hcd" in link(path), "usbip_status": _read(f"{path}/usbip_status")})
    return found


def vhci_ports():
    """The ports of vhci_hcd that are not free: [{"port", "hub", "state", "speed", "devid", "busid"}]."""
    ports = []
    for name in sorted(glob.glob(f"{_VHCI}/status*")):
        for row in _read(name).splitlines()[1:]:
            hub, port, state, speed, devid, _, busid = row.split()
            if int(state) != 4:
                ports.append({"port": int(port), "hub": hub, "state": int(state), "speed": int(speed), "devid": devid, "busid": busid})
    return ports


def wait_free(timeout):
    """Waits until no port of vhci_hcd is in use, its devices are gone and its hubs' workers idle; returns when that was seen.

    The port is free before the hub has let go of the device. What is attached there in between is taken for the old device, which then
    goes on: without a uevent and without enumeration (hub_port_connect_change, drivers/usb/core/hub.c).
    """
    deadline = time.monotonic() + timeout
    while left := vhci_ports() or [device for device in usb_devices() if device["imported"]]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"what vhci_hcd does not let go of: {left}")
        time.sleep(0.02)
    # An attempt to enumerate goes on for seconds after its port was freed. The hub is locked meanwhile, and only then shows this.
    for hub in glob.glob("/sys/devices/platform/vhci_hcd.*/usb*"):
        _read(f"{hub}/bConfigurationValue")
    return time.monotonic()


def wait_exported(busid, timeout):
    """Waits until usbip-host says that the device is available; returns when that was seen."""
    deadline = time.monotonic() + timeout
    while (status := _read(f"{_DEVICES}/{busid}/usbip_status")) != "1":
        if time.monotonic() > deadline:
            raise TimeoutError(f"usbip_status of {busid} is {status or 'absent'}")
        time.sleep(0.02)
    return time.monotonic()


def find_disk(serial, imported=True, timeout=15):
    """Waits for the block device of a USB disk; returns its path, its bus id, its size and when it was seen."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        for block in glob.glob("/sys/block/sd*"):
            path = f"/sys/block/{link(block)}"
            sectors = int(_read(f"{block}/size") or 0)
            if ("/vhci_hcd" in path) == imported and sectors:
                usb = path.split("/host")[0].rsplit("/", 1)[0]
                if _read(f"{usb}/serial") == serial and _opens(f"/dev/{os.path.basename(block)}"):
                    return {"device": f"/dev/{os.path.basename(block)}", "busid": os.path.basename(usb), "sectors": sectors,
                            "time": time.monotonic()}
        time.sleep(0.02)
    raise TimeoutError(f"no disk with serial number {serial} in {timeout} s")


def _opens(path):
    """Whether the disk can be opened: it is in sysfs a moment before (device_add_disk, block/genhd.c)."""
    try:
        os.close(os.open(path, os.O_RDONLY))
        return True
    except OSError:
        return False


def checksum(path, pause=0):
    """SHA-256 of a file, or of a disk read past the cache; OSError when it can't be read to its end. With a pause after each 256 KiB the
    reader leaves the processors to others."""
    start = time.monotonic()
    digest = hashlib.sha256()
    size = 0
    with open(path, "rb", buffering=0) as file:
        whole = file.seek(0, os.SEEK_END)
        file.seek(0)
        if path.startswith("/dev/"):
            fcntl.ioctl(file, _BLKFLSBUF)
        while block := file.read(1 << 18):
            digest.update(block)
            size += len(block)
            time.sleep(pause)
    # A disk that goes away between two reads has no bytes any more, which is no error to the kernel.
    if size < whole:
        raise OSError(f"{path} ended after {size} of {whole} bytes")
    return {"sha256": digest.hexdigest(), "bytes": size, "start": start, "end": time.monotonic()}


def sectors_read(path):
    """How many sectors of a disk have been read so far."""
    return int(_read(f"/sys/block/{os.path.basename(path)}/stat").split()[2])


def read_blocks(path, count, size=512):
    """Reads the first bytes of a disk again and again past the cache, one request at a time; returns start and end."""
    buffer = mmap.mmap(-1, size)
    disk = os.open(path, os.O_RDONLY | os.O_DIRECT)
    try:
        start = time.monotonic()
        for _ in range(count):
            if os.preadv(disk, [buffer], 0) != size:
                raise OSError(f"{path}: short read")
        return {"start": start, "end": time.monotonic()}
    finally:
        os.close(disk)


HANDLERS = {"usb_devices": usb_devices, "vhci_ports": vhci_ports, "wait_free": wait_free, "wait_exported": wait_exported,
            "find_disk": find_disk, "checksum": checksum, "sectors_read": sectors_read, "read_blocks": read_blocks}
