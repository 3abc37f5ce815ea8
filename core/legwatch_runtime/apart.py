"""Try another package's code in a process of its own: what ends a process natively is not caught.

`os._exit` or a fault in a library of C ends the process that calls it, without an error to catch.
"""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

from legwatch_runtime import secrets_beside

TRIED_WITHIN_S = 10.0  # within the limits of those who ask: what hangs is theirs to tell
BEGUN, DONE = b"<", b">"


def how_it_ends(call: Callable[[], object]) -> str:
    """Return how `call` ends its process, such as `exit code 7`; empty: it does not.

    It is called in a process of its own, with the secrets that this one may read. What it returns
    or raises is not looked at. A call that pickle cannot name is not tried.
    """
    program = "from legwatch_runtime.apart import child; child()"
    try:
        given = pickle.dumps((secrets_beside.place(), call))
        ran = subprocess.run(  # noqa: S603 - our own Python
            (sys.executable, "-c", program),
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            timeout=TRIED_WITHIN_S,
            check=False,
        )
    except (pickle.PicklingError, AttributeError, TypeError):
        return ""
    except (subprocess.TimeoutExpired, OSError):  # it hangs, or no process can be made
        return ""
    return _words(ran.returncode) if ran.stdout == BEGUN else ""


def child() -> None:
    """Make the call that comes on the standard input; say on the output that it has come back."""
    said = os.dup(1)
    os.dup2(2, 1)  # what the other package prints says nothing here
    os.write(said, BEGUN)
    with suppress(BaseException):
        place, call = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent has written it
        with secrets_beside.at(place):
            call()
    os.write(said, DONE)
    os._exit(0)  # a thread that it has started may never end


def _words(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
