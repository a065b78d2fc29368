"""The daemon and the command as a guest runs them: published into one folder, or in packages."""
import os
import pathlib
import subprocess
import sys

from say import say

ROOT = pathlib.Path(__file__).resolve().parents[3]
PUBLISH = ROOT / "artifacts/kernel/publish"


def publish():
    """The folder with usbipcd and usbipc: $USBIPC_BIN, else freshly published."""
    given = os.environ.get("USBIPC_BIN")
    if given:
        folder = pathlib.Path(given).resolve()
        say(f"product: {folder} (USBIPC_BIN)")
    else:
        folder = PUBLISH
        say("product: tests/publish")
        done = subprocess.run([ROOT / "tests/publish", folder], capture_output=True, text=True, timeout=1200)
        if done.returncode != 0:
            sys.exit(f"kernel bench: tests/publish failed:\n{done.stdout}{done.stderr}")
    for program in ("usbipcd", "usbipc"):
        if not (folder / program).exists():
            sys.exit(f"kernel bench: no {program} in {folder}")
    return folder


def build_packages(published, folder):
    """Two packages of what is published: one as users get it, and one of version 999, the same programs that count as newer."""
    say("product: packaging/deb/build")
    folder.mkdir()
    # To compress another one as well takes a minute.
    for newer, compressor in ([], "xz"), (["--version", "999"], "gzip"):
        done = subprocess.run([ROOT / "packaging/deb/build", "--published", published, *newer, folder], capture_output=True, text=True,
                              timeout=1200, env={"DPKG_DEB_COMPRESSOR_TYPE": compressor, **os.environ})
        if done.returncode != 0:
            sys.exit(f"kernel bench: packaging/deb/build failed:\n{done.stdout}{done.stderr}")
