"""The host's end of the line to a guest's agent (guest/agent.py), from power on to power off."""
import json
import threading

from errors import GuestError
from polling import SPARE, patient


class Agent:
    def __init__(self, name, channel):
        self.name = name
        self._channel = channel
        self._changed = threading.Condition()
        self._answers, self._asked, self._ready, self._gone = {}, 0, False, False
        threading.Thread(target=self._receive, daemon=True).start()

    def wait_ready(self, timeout):
        """Waits for the agent's first word; what went wrong, or None."""
        with self._changed:
            heard = self._changed.wait_for(lambda: self._ready or self._gone, timeout)
        return "ended while it booted" if self._gone else None if heard else "did not boot in its time"

    def ask(self, do, within=30, **arguments):
        """One request; the agent's own time-outs are shorter than `within`."""
        within = patient(within * SPARE)
        if "timeout" in arguments:
            arguments["timeout"] = patient(arguments["timeout"] * SPARE)
        with self._changed:
            self._asked += 1
            identity = self._asked
            self._send({"id": identity, "do": do, **arguments})
            self._changed.wait_for(lambda: identity in self._answers or self._gone, within)
            answer = self._answers.pop(identity, None)
        if answer is None:
            raise GuestError(f"{self.name}: {do}: {'the machine is gone' if self._gone else f'no answer in {within:.0f} s'}")
        if "error" in answer:
            raise GuestError(f"{self.name}: {do}: {answer['error']}")
        return answer["ok"]

    def close(self):
        self._channel.close()

    def _send(self, message):
        try:
            self._channel.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise GuestError(f"{self.name}: {message['do']}: the machine is gone: {error}") from error

    def _receive(self):
        try:
            for line in self._channel.makefile("rb"):
                message = json.loads(line)
                with self._changed:
                    if message.get("ready"):
                        self._ready = True
                    else:
                        self._answers[message["id"]] = message
                    self._changed.notify_all()
        except (OSError, ValueError):
            pass
        with self._changed:
            self._gone = True
            self._changed.notify_all()
