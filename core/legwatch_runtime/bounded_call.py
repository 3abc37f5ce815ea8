"""Call what another package has written, and wait only so long: it may never come back."""

import threading
from collections.abc import Callable
from typing import Any


class Hangs(TimeoutError):  # noqa: N818 - it says what the call does
    """A call that has not come back in time; it goes on in its thread."""


class _Running:
    """One call in a thread of its own."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self.done = threading.Event()
        self.hung = False  # somebody has waited for it in vain
        self.answer: Any = None
        self.error: BaseException | None = None
        threading.Thread(  # noqa: TID251 - its caller waits for it, and says so if it hangs
            target=self._run, name="bounded-call", daemon=True
        ).start()

    def _run(self) -> None:
        try:
            self.answer = self._call()
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            self.error = error
        finally:
            self.done.set()


_lock = threading.Lock()
_running: dict[str, _Running] = {}


def call_within(key: str, call: Callable[[], Any], within_s: float) -> Any:
    """Return what `call` returns, or raise what it raises; raises Hangs after `within_s`.

    While a call of the same key hangs, no second one begins: its threads would add up. Nobody waits
    for it a second time, either; who asks again later gets its answer once it has come back.
    """
    with _lock:
        hanging = _running.get(key)
        running = hanging or _running.setdefault(key, _Running(call))
    if not running.done.wait(0 if running.hung else within_s):
        running.hung = True
        raise Hangs(f"it has not come back for {within_s:g} s")
    with _lock:
        if _running.get(key) is running:
            del _running[key]
    if hanging:  # its answer is of another time
        return call_within(key, call, within_s)
    if isinstance(running.error, Exception | SystemExit):
        raise running.error
    if running.error is not None:  # such as a KeyboardInterrupt, which nobody has pressed
        raise RuntimeError(type(running.error).__name__)
    return running.answer
