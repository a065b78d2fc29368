"""A guest that is a fresh Debian with systemd, for what is about being installed: made by mmdebstrap, which needs root."""
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

from say import say

INIT = "/sbin/init"
# Of our own package's dependencies those that such a Debian does not have anyway; what its administrator has; what the bench needs.
PACKAGES = "libssl3", "systemd-sysv", "udev", "kmod", "iproute2", "openssh-server", "openssh-client", "python3", "busybox-static"

# The agent is a service like any other.
AGENT = """[Unit]
Description=The bench's agent
After=systemd-modules-load.service systemd-udev-settle.service

[Service]
ExecStartPre=/bench/guest/setup
ExecStart=/usr/bin/python3 -S -E /bench/guest/agent.py
Environment=HOME=/root TERM=dumb LANG=C.UTF-8
# What it has started is the scenarios' affair.
KillMode=process
StandardOutput=journal+console

[Install]
WantedBy=multi-user.target
"""
# Where the scenarios' logs are.
JOURNAL = """[Unit]
Description=The journal of our daemon for the bench

[Service]
ExecStart=/bin/sh -c "exec journalctl -f -n all -o short-monotonic -u usbipcd.service > /tmp/usbipcd.log"

[Install]
WantedBy=multi-user.target
"""
# Their administrator is root on each, and comes from one to the other.
KEY = "umask 077; cd /root && mkdir -p .ssh && cd .ssh && ssh-keygen -q -t ed25519 -N '' -f id_ed25519 && cp id_ed25519.pub authorized_keys"
# Everything takes an emulated machine longer.
MANAGER = """[Manager]
DefaultTimeoutStartSec=600
DefaultTimeoutStopSec=300
"""


def install(root):
    """Installs Debian into the folder: the release that this machine has."""
    if os.geteuid() != 0:
        sys.exit("kernel bench: a guest that is an installed Debian can be made by root only")
    if not shutil.which("mmdebstrap"):
        say("apt: installing mmdebstrap")
        subprocess.run(["apt-get", "-qq", "install", "-y", "--no-install-recommends", "mmdebstrap"], check=True, timeout=600,
                       stdout=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    facts = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    release = facts["VERSION_CODENAME"]
    say(f"image: installing Debian {release}")
    done = subprocess.run(["mmdebstrap", "--mode=root", "--variant=minbase", "--skip=output/dev", f"--include={','.join(PACKAGES)}",
                           f"--customize-hook=chroot \"$1\" sh -c {shlex.quote(KEY)}", release, root],
                          capture_output=True, text=True, timeout=1800)
    if done.returncode != 0:
        sys.exit(f"kernel bench: mmdebstrap failed:\n{done.stderr}")


def fill(root):
    """What makes it a guest of the bench."""
    files = {
        "etc/hosts": "127.0.0.1 localhost\n10.0.0.1 A lab1\n10.0.0.2 B desk7\n10.0.0.3 C\n",
        "etc/machine-id": "",
        "etc/ssh/ssh_config.d/bench.conf": "StrictHostKeyChecking accept-new\n",
        "etc/systemd/system.conf.d/bench.conf": MANAGER,
        "etc/systemd/system/bench-agent.service": AGENT,
        "etc/systemd/system/bench-journal.service": JOURNAL,
    }
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "etc/hostname").unlink(missing_ok=True)
    (root / "bench").mkdir()
    for unit in ("bench-agent.service", "bench-journal.service"):
        _link(root, f"multi-user.target.wants/{unit}", f"/etc/systemd/system/{unit}")
    # Nobody logs in at a terminal, and nothing is downloaded.
    for unit in ("getty.target", "apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "fstrim.timer", "dpkg-db-backup.timer"):
        _link(root, unit, "/dev/null")


def _link(root, name, target):
    link = root / "etc/systemd/system" / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
