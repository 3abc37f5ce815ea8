"""Start `legwatch server` again and again, and let it die at a chosen step of the outbox.

One line of JSON on standard input is one start: {"config": path, "at": step or ""}; the answer is a
line with the child's process id, and a second one when it has ended. A fork of this process starts
at once, because everything is imported already.
"""

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from legwatch_server.app import main
from legwatch_server.notify.outbox import Outbox
from legwatch_server.notify.worker import Workers
from legwatch_server.store import apply


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before(whole: Callable[..., Any]) -> Callable[..., Any]:
    def dying(*args: Any, **named: Any) -> Any:
        die()
        return whole(*args, **named)

    return dying


def after(whole: Callable[..., Any]) -> Callable[..., Any]:
    def dying(*args: Any, **named: Any) -> Any:
        done = whole(*args, **named)
        die()
        return done

    return dying


def arm(step: str) -> None:
    """Put the crash where it is wanted."""
    if step == "before claim":
        apply.claim = before(apply.claim)
    elif step == "after claim":
        Workers.hand_out = before(Workers.hand_out)  # type: ignore[method-assign]
    elif step == "after send":
        Workers._do = after(Workers._do)  # type: ignore[method-assign]
    elif step == "before record":
        Outbox._record = before(Outbox._record)  # type: ignore[method-assign]


def serve(config: str, step: str) -> None:
    arm(step)
    with contextlib.redirect_stdout(sys.stderr):
        main(["--config", config])


if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if not pid:
            sys.stdin.close()
            try:
                serve(asked["config"], asked["at"])
            finally:
                os._exit(0)
        print(pid, flush=True)
        os.waitpid(pid, 0)
        print("ended", flush=True)
