"""The guests' kernel and root file system, made from Debian's packages without booting anything.

There are two kinds of guests: a bare one has what the scenarios need and no more, and starts in seconds; lib/debian.py makes one that is
an installed Debian. Everything is kept in ${XDG_CACHE_HOME:-~/.cache}/usbipcluster/kernel-bench: the packages in debs/, and one folder
for each combination of package versions and this recipe: vmlinux, initrd, root.ext4 (never written to by a guest).
"""
import fcntl
import gzip
import hashlib
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import debian
from say import say

GUEST_PACKAGES = """
busybox-static bash kmod iproute2 usbip usb.ids python3.11-minimal libpython3.11-minimal libpython3.11-stdlib
libc6 libgcc-s1 libstdc++6 zlib1g libssl3 libexpat1 liblzma5 libzstd1 libbz2-1.0 libffi8 libtinfo6 libkmod2 libudev1
libwrap0 libnsl2 libtirpc3 libgssapi-krb5-2 libkrb5-3 libk5crypto3 libkrb5support0 libcom-err2 libkeyutils1
libbpf1 libbsd0 libmd0 libcap2 libdb5.3 libelf1 libmnl0 libselinux1 libpcre2-8-0 libxtables12
""".split()

# Needed before the root file system is there, in the initrd.
BOOT_MODULES = "virtio_pci virtio_blk crc32c_generic ext4".split()

# Available in the guest, with everything that they need. Loading is the guest's affair (guest/init).
GUEST_MODULES = """
virtio_net virtio_console virtio_rng
usbip-core usbip-host vhci-hcd usbmon
dummy_hcd libcomposite usb_f_mass_storage usb_f_acm usb_f_hid usb_f_ecm usb_f_ss_lb
usb-storage sd_mod cdc-acm usbhid hid-generic usbnet cdc_ether usbtest xhci-hcd xhci-pci
tls inet_diag tcp_diag unix_diag nf_tables nft_reject_ipv4 sch_tbf sch_netem
""".split()

BARE_INIT = "/bench/guest/init"
UNUSED_DAYS = 14


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return pathlib.Path(base, "usbipcluster", "kernel-bench")


def prepare(guest):
    """Returns the folder that holds vmlinux, initrd and root.ext4 of a "bare" or "debian" guest, building it if it isn't there yet."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with open(cache_folder() / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = _prepare(guest)
        _forget_unused()
    return folder


def _prepare(guest):
    packages = _resolve()
    key = hashlib.sha256(guest.encode())
    for recipe in (__file__, debian.__file__):
        key.update(pathlib.Path(recipe).read_bytes())
    for part in sorted(p["sha256"] for p in packages):
        key.update(part.encode())
    folder = cache_folder() / key.hexdigest()[:16]
    if (folder / "complete").exists():
        (folder / "complete").touch()
        say(f"image: {folder} (cached)")
        return folder

    say(f"image: building {folder}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    debs = _download(packages)
    with tempfile.TemporaryDirectory(prefix="kernel-bench.", dir=folder) as scratch:
        say(f"image: unpacking {len(debs)} packages")
        kernel, root = pathlib.Path(scratch, "kernel"), pathlib.Path(scratch, "root")
        if guest == "debian":
            debian.install(root)
        for package, deb in debs.items():
            if package.startswith("linux-image"):
                subprocess.run(["dpkg-deb", "-x", deb, kernel], check=True)
            elif guest == "bare":
                subprocess.run(["dpkg-deb", "-x", deb, root], check=True)
        release = next((kernel / "lib/modules").iterdir()).name
        _write_vmlinux(kernel / f"boot/vmlinuz-{release}", folder / "vmlinux")
        subprocess.run(["depmod", "-b", kernel, release], check=True)
        first = debian.INIT if guest == "debian" else BARE_INIT
        _write_initrd(kernel, release, root, folder / "initrd", pathlib.Path(scratch, "initrd"), first)
        _add_modules(kernel, release, root)
        if guest == "debian":
            debian.fill(root)
        else:
            _fill_root(root)
        make_ext4(root, folder / "root.ext4", spare_mib=512 if guest == "debian" else 128)
    (folder / "release").write_text(release)
    (folder / "complete").touch()
    return folder


def _forget_unused():
    """Removes images and packages that no run has used for a while."""
    oldest = time.time() - UNUSED_DAYS * 86400
    for file in [*cache_folder().glob("*/complete"), *cache_folder().glob("debs/*.deb")]:
        if file.stat().st_mtime < oldest:
            shutil.rmtree(file.parent) if file.name == "complete" else file.unlink()


def make_ext4(tree, target, spare_mib=8):
    size = sum(f.lstat().st_size + 4096 for f in tree.rglob("*")) // (1 << 20)
    target.unlink(missing_ok=True)
    subprocess.run(["mke2fs", "-qF", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-E", "root_owner=0:0,lazy_itable_init=1",
                    "-d", tree, target, f"{size + size // 10 + spare_mib}M"], check=True, stdout=subprocess.DEVNULL)


def _apt(*args):
    return subprocess.run([*args], capture_output=True, text=True, timeout=120)


def _resolve():
    """Name, file, address and checksum of every package at the version that apt would install now."""
    for refreshed in (False, True):
        depends = _apt("apt-cache", "depends", "linux-image-amd64").stdout
        kernel = re.search(r"Depends: (linux-image-\S+)", depends)
        uris = kernel and _apt("apt-get", "--print-uris", "download", kernel[1], *GUEST_PACKAGES)
        if kernel and uris.returncode == 0:
            found = re.findall(r"'(\S+)' (\S+) \d+ SHA256:(\w+)", uris.stdout)
            return [dict(name=f.split("_")[0], uri=u, file=f, sha256=s) for u, f, s in found]
        if not refreshed:
            refresh_package_lists()
    sys.exit(f"kernel bench: apt knows no such packages: {uris.stderr if kernel else 'linux-image-amd64'}")


def refresh_package_lists():
    say("apt: apt-get update")
    become_root = [] if os.geteuid() == 0 else ["sudo"]
    subprocess.run([*become_root, "apt-get", "-qq", "update"], check=True, timeout=300)


def _download(packages):
    folder = cache_folder() / "debs"
    folder.mkdir(parents=True, exist_ok=True)
    for refreshed in (False, True):
        missing = [p for p in packages if not _is_good(folder / p["file"], p["sha256"])]
        if not missing:
            break
        if refreshed:
            sys.exit(f"kernel bench: apt-get download did not give {[p['name'] for p in missing]}")
        say(f"image: downloading {len(missing)} packages")
        got = subprocess.run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *[p["name"] for p in missing]],
                             cwd=folder, timeout=900)
        if got.returncode != 0:
            refresh_package_lists()
            return _download(_resolve())
    for package in packages:
        (folder / package["file"]).touch()
    return {p["name"]: folder / p["file"] for p in packages}


def _is_good(file, sha256):
    return file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == sha256


def _write_vmlinux(bzimage, target):
    """Unpacks the kernel, so that QEMU enters it directly (PVH) and no emulated CPU spends seconds on decompression."""
    data = bzimage.read_bytes()
    for magic, unpack in ((b"\xfd7zXZ\0", lambda d: lzma.LZMADecompressor().decompress(d)), (b"\x1f\x8b\x08", gzip.decompress)):
        at = data.find(magic)
        while at >= 0:
            try:
                kernel = unpack(data[at:])
                if kernel.startswith(b"\x7fELF"):
                    target.write_bytes(kernel)
                    return
            except (lzma.LZMAError, OSError, EOFError):
                pass
            at = data.find(magic, at + 1)
    sys.exit(f"kernel bench: no compressed kernel found in {bzimage}")


def _closure(kernel, release, names):
    """The files of the modules with all that they depend on, dependencies first."""
    modules = kernel / "lib/modules" / release
    depends = dict(line.split(":", 1) for line in (modules / "modules.dep").read_text().splitlines())
    by_name = {re.sub(r"\.ko(\.\w+)?$", "", path.rsplit("/", 1)[1]).replace("-", "_"): path for path in depends}
    ordered = []
    for name in names:
        path = by_name.get(name.replace("-", "_"))
        if path is None:
            say(f"image: this kernel has no module {name} (built in, or gone)")
            continue
        for needed in [*reversed(depends[path].split()), path]:
            if needed not in ordered:
                ordered.append(needed)
    return ordered


def _write_initrd(kernel, release, root, target, scratch, first):
    (scratch / "modules").mkdir(parents=True)
    for folder in ("dev", "proc", "root"):
        (scratch / folder).mkdir()
    shutil.copy(root / "bin/busybox", scratch / "busybox")
    loads = []
    for path in _closure(kernel, release, BOOT_MODULES):
        shutil.copy(kernel / "lib/modules" / release / path, scratch / "modules")
        loads.append(f"/busybox insmod /modules/{path.rsplit('/', 1)[1]}")
    init = ["#!/busybox sh", "/busybox mount -t devtmpfs dev /dev", *loads, "/busybox mount -t ext4 -o noatime /dev/vda /root",
            "/busybox mount -t ext4 -o ro /dev/vdb /root/bench", f"exec /busybox switch_root /root {first}", ""]
    (scratch / "init").write_text("\n".join(init))
    (scratch / "init").chmod(0o755)
    with open(target, "wb") as out:
        names = subprocess.run(["find", ".", "-print0"], cwd=scratch, stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(["cpio", "--null", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=scratch, input=names, stdout=out, check=True)


def _add_modules(kernel, release, root):
    for path in _closure(kernel, release, GUEST_MODULES):
        (root / "lib/modules" / release / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(kernel / "lib/modules" / release / path, root / "lib/modules" / release / path)
    for listing in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        shutil.copy(kernel / "lib/modules" / release / listing, root / "lib/modules" / release)
    subprocess.run(["depmod", "-b", root, release], check=True)


def _fill_root(root):
    for folder in ("proc", "sys", "dev", "run", "tmp", "bench", "root", "var/lib", "etc", "usr/sbin"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "usr/bin/python3").symlink_to("python3.11")
    (root / "bin/sh").unlink(missing_ok=True)
    (root / "bin/sh").symlink_to("busybox")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nusbip:x:900:\nnogroup:x:65534:\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n10.0.0.1 A\n10.0.0.2 B\n10.0.0.3 C\n")
    (root / "etc/ld.so.conf").write_text("/lib/x86_64-linux-gnu\n/usr/lib/x86_64-linux-gnu\n")
    subprocess.run(["ldconfig", "-r", root], check=True)
    for waste in ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/lib/x86_64-linux-gnu/gconv"):
        shutil.rmtree(root / waste, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash",
                    "-s", root, root / "usr/lib/python3.11"], check=True)
