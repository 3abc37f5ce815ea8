"""Starts the worker and passes on what it says; if the worker is killed, another one goes back."""

import fcntl
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import IO

from legwatch.errors import CannotRun
from legwatch_server.update import kept
from legwatch_server.update.places import Places
from legwatch_server.update.worker import AT, NEITHER, NEW, OLD, SAY

Tell = Callable[[str], object]
KILLED_OFTEN = 3  # a worker that is killed so often is not started again
CTRL_C = 130


@contextmanager
def alone(places: Places) -> Iterator[IO[str]]:
    """Hold the lock of updates for a block; raises CannotRun if another update holds it."""
    places.hold.touch(0o600)
    with places.hold.open("a", encoding="ascii") as hold:
        try:
            fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotRun(
                f"another update is under way, also if its terminal was closed; {places.log} says"
                " how far it is. Nothing was changed by this one"
            ) from None
        yield hold


def followed(places: Places, hold: IO[str], what: str, say: Tell, at: Tell) -> int:
    """Run the worker to its end and return its exit code; CTRL_C if it was asked to go back.

    The worker holds the lock, too: an update is under way as long as one of both lives.
    """
    for _ in range(KILLED_OFTEN):
        with _started(places, hold, what) as worker, _heard(worker, say) as asked:
            for line in worker.stdout or ():
                text = line.rstrip("\n")
                if text.startswith(SAY):
                    say(text.removeprefix(SAY))
                elif text.startswith(AT):
                    at(text.removeprefix(AT))
            code = worker.wait()
        if code in {NEW, OLD, NEITHER}:
            return CTRL_C if asked and code == OLD else code
        say("What exchanges the versions was killed, or has failed: going back.")
        what = "back"
    return NEITHER


def _started(places: Places, hold: IO[str], what: str) -> "subprocess.Popen[str]":
    """Start a worker in a session of its own: Ctrl-C and the end of a terminal do not reach it."""
    return subprocess.Popen(  # noqa: S603 - our own code
        kept.words(places, what),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        errors="replace",
        cwd="/",
        env=kept.environment(places),
        pass_fds=(hold.fileno(),),
        start_new_session=True,
    )


@contextmanager
def _heard(worker: "subprocess.Popen[str]", say: Tell) -> Iterator[list[int]]:
    """Pass Ctrl-C on to the worker, as a wish to go back; give the list of what was heard.

    That the terminal was closed is no wish: this goes on, and is there if the worker is killed.
    """
    asked = list[int]()

    def ask(number: int, _frame: FrameType | None) -> None:
        if not asked:
            say("You have asked to end this: going back. It takes a moment.")
        asked.append(number)
        with suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGTERM)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
