"""Without root: no access to root's socket is exit code 4; a daemon of one's own runs, and what needs root is exit code 1."""
from bench import check, start_cluster

CLUSTER = True
OTHER_PORT = 3241


def run(a):
    mine, served = a.make_disk("NOTROOT"), a.make_disk("SERVED")
    a.sh(f"usbip bind -b {served['busid']}")
    a.spawn("usbipd", "--tcp-port", str(OTHER_PORT), log="/tmp/usbipd.log")
    a.wait_listening(OTHER_PORT)

    root, = start_cluster(a)
    foreign = a.command("list", user="nobody")
    check("usbipc as nobody at root's socket ends with 4", foreign["code"], 4)
    check(f"... and says why: {foreign['err'].strip()}", "permission" in foreign["err"].lower())
    root.kill()

    a.sh("mkdir -m 0777 /tmp/nobody")
    own = a.start_daemon("--state", "/tmp/nobody/state", "--control", "/tmp/nobody/control.sock",
                         user="nobody", control="/tmp/nobody/control.sock")
    for what, arguments in (("bind", f"bind {mine['busid']}"), ("attach", f"attach -r 127.0.0.1:{OTHER_PORT} -b {served['busid']}")):
        done = a.command(f"--socket /tmp/nobody/control.sock {arguments}", user="nobody")
        check(f"usbipc {what} as nobody ends with 1", done["code"], 1)
        check(f"... and says why: {done['err'].strip()}", "permission" in done["err"].lower() and "root" in done["err"].lower())
    check("the daemon answers", own.rpc("version")["node"], "A")
    a.wait_exported(served["busid"])
