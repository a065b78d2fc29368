"""Isochronous transfers from user space (linux/usbdevice_fs.h), for devices that no driver here speaks to."""
import ctypes
import os
import struct

_CLAIM_INTERFACE, _SET_INTERFACE, _SUBMIT_URB, _REAP_URB = 0x8004550F, 0x80085504, 0x8038550A, 0x4008550C
_libc = ctypes.CDLL(None, use_errno=True)
_TYPE_ISO, _ISO_ASAP = 0, 2


def write_isochronous(busid, interface, setting, endpoint, packets):
    """One URB with packets of these lengths to an endpoint; returns [(actual length, status)] and the URB's error count."""
    device = f"/sys/bus/usb/devices/{busid}"
    with open(f"{device}/busnum") as bus, open(f"{device}/devnum") as number:
        node = f"/dev/bus/usb/{int(bus.read()):03}/{int(number.read()):03}"
    file = os.open(node, os.O_RDWR)
    try:
        _ioctl(file, _CLAIM_INTERFACE, ctypes.create_string_buffer(struct.pack("I", interface)))
        _ioctl(file, _SET_INTERFACE, ctypes.create_string_buffer(struct.pack("II", interface, setting)))
        data = ctypes.create_string_buffer(bytes(n % 251 for n in range(sum(packets))), sum(packets))
        head = struct.pack("=BBxxiIxxxxQiiiiiIQ", _TYPE_ISO, endpoint, 0, _ISO_ASAP, ctypes.addressof(data), len(data), 0, 0,
                           len(packets), 0, 0, 0)
        urb = ctypes.create_string_buffer(head + b"".join(struct.pack("III", length, 0, 0) for length in packets))
        _ioctl(file, _SUBMIT_URB, urb)
        _ioctl(file, _REAP_URB, ctypes.byref(ctypes.c_void_p()))
        errors, = struct.unpack_from("i", urb.raw, 40)
        return {"packets": [struct.unpack_from("Ii", urb.raw, len(head) + 12 * i + 4) for i in range(len(packets))], "errors": errors}
    finally:
        os.close(file)


def _ioctl(file, request, argument):
    """Not fcntl.ioctl, which hands over a copy: the kernel writes into an URB after the call that submits it."""
    if _libc.ioctl(file, ctypes.c_ulong(request), argument) < 0:
        failure = ctypes.get_errno()
        raise OSError(failure, f"usbfs request {request:#x}: {os.strerror(failure)}")


HANDLERS = {"write_isochronous": write_isochronous}
