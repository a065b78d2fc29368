"""The daemon and the command as a guest runs them: published ReadyToRun for linux-x64 into one folder."""
import os
import pathlib
import shutil
import subprocess
import sys

from say import say

ROOT = pathlib.Path(__file__).resolve().parents[3]
PUBLISH = ROOT / "artifacts/kernel/publish"
# Analyzers have run when the tests were built.
OPTIONS = ("-c", "Release", "-r", "linux-x64", "--self-contained", "false", "-p:PublishReadyToRun=true", "-p:RunAnalyzers=false",
           "-v", "quiet", "--nologo")


def publish():
    """The folder with usbipcd and usbipc: $USBIPC_BIN, else freshly published."""
    given = os.environ.get("USBIPC_BIN")
    if given:
        folder = pathlib.Path(given).resolve()
        say(f"product: {folder} (USBIPC_BIN)")
    else:
        folder = PUBLISH
        shutil.rmtree(folder, ignore_errors=True)
        for project in ("UsbIpCluster.Node", "UsbIpCluster.Cli"):
            say(f"product: dotnet publish src/{project}")
            done = subprocess.run(["dotnet", "publish", ROOT / "src" / project, *OPTIONS, "-o", folder], capture_output=True, text=True,
                                  timeout=600)
            if done.returncode != 0:
                sys.exit(f"kernel bench: dotnet publish src/{project} failed:\n{done.stdout}{done.stderr}")
    for program in ("usbipcd", "usbipc"):
        if not (folder / program).exists():
            sys.exit(f"kernel bench: no {program} in {folder}")
    return folder
