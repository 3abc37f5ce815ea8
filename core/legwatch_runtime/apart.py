"""Try another package's code in a process of its own: what ends a process natively is not caught.

`os._exit` or a fault in a library of C ends the process that calls it, without an error to catch.
"""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from legwatch_runtime import secrets_beside
from legwatch_runtime.secrets_beside import Beside

TRIED_WITHIN_S = 10.0  # what takes longer is not waited for: its caller has a limit for what hangs
BEGUN, DONE = b"<", b">"
_ended: dict[str, str] = {}  # how each one did that ended its process
_tried: set[bytes] = set()  # the calls that need no further try


def how_it_ends(key: str, call: Callable[[], object]) -> str:
    """Return how `call` ends its process, such as `exit code 7`; empty: it does not.

    It is called in a process of its own, with the secrets that this one may read. What it returns
    or raises is not looked at. A call that pickle cannot name is not tried.

    What has ended its process once is not tried again under the same `key`: a file that was mended
    meanwhile would be good there, and this process may still have the old one.
    """
    if key in _ended:
        return _ended[key]
    try:
        given = pickle.dumps((secrets_beside.place(), call))
    except (pickle.PicklingError, AttributeError, TypeError):
        return ""
    if given not in _tried and (how := _how(given)):
        _ended[key] = how
        return how
    _tried.add(given)
    return ""


def _how(given: bytes) -> str:
    try:
        ran = subprocess.run(
            # -P: no file of the current folder may take the name of a module.
            (sys.executable, "-P", "-c", "from legwatch_runtime.apart import child; child()"),
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            timeout=TRIED_WITHIN_S,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError):  # it hangs, or no process can be made
        return ""
    return _words(ran.returncode) if ran.stdout == BEGUN else ""


def child() -> None:
    """Make the call that comes on the standard input; say on the output that it has come back."""
    threading.Thread(  # noqa: TID251 - this process has no parts
        target=_end_with, args=(os.getppid(),), daemon=True
    ).start()
    said = os.dup(1)
    os.dup2(2, 1)  # what the other package prints says nothing here
    os.write(said, BEGUN)
    with suppress(BaseException):
        place, call = _read()
        with secrets_beside.at(place):
            call()
    os.write(said, DONE)
    os._exit(0)  # a thread that it has started may never end


def _read() -> tuple[Beside, Callable[[], object]]:
    place, call = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent has written it
    return place, call


def _end_with(parent: int) -> None:
    """End this process with the one that waits for it: it may hold a lock or a port."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)


def _words(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
