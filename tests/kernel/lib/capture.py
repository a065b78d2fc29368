"""Records what the stock tools and the kernels send each other, one file for each connection and direction."""
import pathlib
import struct
import sys
import tempfile

import image
import processors
from bench import check, poll
from lab import Lab
from main import make_bench_disk
from say import say

PORT = 3240


def main():
    target = pathlib.Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    processors.watch()
    with tempfile.TemporaryDirectory(prefix="kernel-bench.") as folder:
        lab = Lab("bare", pathlib.Path(folder), make_bench_disk(pathlib.Path(folder), with_product=False, with_packages=False), most=2)
        try:
            for name, pcap in record(*lab.prepare(2, with_cluster=False), pathlib.Path(folder)):
                save(target, name, pcap)
        finally:
            lab.end()


def record(a, b, folder):
    """Each conversation by its name, with the packets seen on B's link meanwhile."""
    disk, serial_port = a.make_disk("VECTOR-DISK", mib=0.0625), a.make_acm("VECTOR-ACM")
    for device in (disk, serial_port):
        a.sh(f"usbip bind -b {device['busid']}")
    a.spawn("usbipd")
    a.wait_listening(PORT)

    def attach(device):
        b.sh(f"usbip attach -r {a.address} -b {device['busid']}")

    def detach():
        b.sh(f"usbip detach -p {b.vhci_ports()[0]['port']}")
        b.wait_free()

    def a_disk():
        attach(disk)
        found = b.find_disk(disk["serial"])
        b.read_blocks(found["device"], 2, 512)
        detach()

    def a_serial_port():
        attach(serial_port)
        reader = a.spawn("busybox", "head", "-n", "1", "/dev/ttyGS0", log="/tmp/got.log")
        b.sh("busybox timeout 10 sh -c 'until [ -e /dev/ttyACM0 ]; do usleep 20000; done'")
        # Opening the port queues reads that nothing answers; closing it takes them back (CMD_UNLINK).
        b.sh("busybox stty -F /dev/ttyACM0 raw -echo clocal && echo vector > /dev/ttyACM0")
        check("what B wrote arrived at A", (a.wait(reader), a.sh("cat /tmp/got.log")), (0, "vector\n"))
        detach()

    def an_audio_device():
        a.sh("modprobe xhci-pci")
        a.qemu.qmp("device_add", driver="usb-audio", id="audio", bus="xhci.0", serial="VECTOR-AUDIO", audiodev="silence")
        audio = poll("A has the audio device", lambda: a.usb_devices(serial="VECTOR-AUDIO"))[0]
        a.sh(f"usbip bind -b {audio['busid']}")
        attach(audio)
        here = poll("B has the audio device", lambda: b.usb_devices(serial="VECTOR-AUDIO", imported=True))[0]["busid"]
        poll("it is configured", lambda: b.sh(f"cat /sys/bus/usb/devices/{here}/bConfigurationValue").strip())
        done = b.ask("write_isochronous", busid=here, interface=1, setting=1, endpoint=1, packets=[192, 96, 0, 192])
        check("isochronous packets without an error", (done["errors"], [status for _, status in done["packets"]]), (0, [0, 0, 0, 0]))
        detach()

    def an_unknown_device():
        check("usbip attach of an unknown bus id fails", b.run(f"usbip attach -r {a.address} -b 9-9")["code"] != 0)

    conversations = (("devlist", lambda: b.sh(f"usbip list -r {a.address}")), ("disk", a_disk), ("acm", a_serial_port),
                     ("audio", an_audio_device), ("unknown", an_unknown_device))
    for name, converse in conversations:
        pcap = folder / f"{name}.pcap"
        b.qemu.qmp("object-add", **{"qom-type": "filter-dump", "id": "dump", "netdev": "link", "file": str(pcap)})
        converse()
        b.qemu.qmp("object-del", id="dump")
        yield name, pcap.read_bytes()


def save(target, name, pcap):
    streams = tcp_streams(pcap)
    check(f"{name} is one connection", len(streams), 2)
    for (_, source_port, *_), data in streams.items():
        file = target / f"{name}.{'exporter' if source_port == PORT else 'importer'}.bin"
        file.write_bytes(data)
        say(f"{file}: {len(data)} bytes")


def tcp_streams(pcap):
    """The bytes of each direction of each TCP connection with PORT, by (source, port, destination, port)."""
    segments = {}
    at = 24
    while at + 16 <= len(pcap):
        captured, = struct.unpack_from("<I", pcap, at + 8)
        packet = pcap[at + 16:at + 16 + captured]
        at += 16 + captured
        if packet[12:14] != b"\x08\x00" or packet[23] != 6:
            continue
        ip = packet[14:]
        tcp = ip[(ip[0] & 15) * 4:struct.unpack_from(">H", ip, 2)[0]]
        source, destination, sequence = struct.unpack_from(">HHI", tcp)
        if PORT in (source, destination):
            flow = (ip[12:16], source, ip[16:20], destination)
            segments.setdefault(flow, {}).setdefault("start", sequence + 1 if tcp[13] & 2 else sequence)
            payload = tcp[(tcp[12] >> 4) * 4:]
            if payload:
                segments[flow][(sequence - segments[flow]["start"]) % (1 << 32)] = payload
    return {flow: join(parts) for flow, parts in segments.items()}


def join(parts):
    data = b""
    for offset in sorted(k for k in parts if k != "start"):
        if offset > len(data):
            sys.exit(f"kernel bench: the capture lacks bytes {len(data)} to {offset} of a connection")
        data = data[:offset] + parts[offset] + data[offset + len(parts[offset]):]
    return data


if __name__ == "__main__":
    main()
