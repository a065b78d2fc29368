"""What ends a scenario."""


class CheckFailed(Exception):
    """A scenario saw something else than it must."""


class GuestError(Exception):
    """What a guest answered instead of a result."""


class DaemonError(Exception):
    """What the daemon answered instead of a result: a JSON-RPC error."""

    def __init__(self, method, error):
        super().__init__(f"{method}: {error}")
        self.code, self.message = error["code"], error["message"]
        self.hint = (error.get("data") or {}).get("hint")
