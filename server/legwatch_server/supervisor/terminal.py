"""The terminal in which `legwatch up` runs: closing it ends everything, and the owner must know.

A terminal that is gone shows no word, so the next start says it once more.
"""

import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from legwatch_runtime.clock import utc_ms

FILE = "closed"  # in the state folder: the word for the next start
HOW = "see `To make it last` in the README"


def outlived() -> bool:
    """Return True if this process shall outlive its terminal: it was started with nohup."""
    return signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def signals() -> tuple[int, ...]:
    """Return the signal of a closed terminal, if it shall end this process."""
    return () if outlived() else (signal.SIGHUP,)


def note() -> str:
    """Return what to say at the start of a watch about the terminal, if there is one."""
    if outlived() or not sys.stdout.isatty():
        return ""
    return f" So does closing this terminal; {HOW}."


def closed(what: str, state: Path, show: Callable[[str], None]) -> None:
    """Say that the end of the terminal ended `what`, now and at the next start."""
    at = datetime.fromtimestamp(utc_ms() / 1000).astimezone()
    word = f"At {at:%Y-%m-%d %H:%M} the terminal was closed, and that ended {what}; {HOW}."
    show(word)
    with suppress(OSError):  # a full disk; the screen may have had it
        (state / FILE).write_text(f"{word}\n")


def tell_last(state: Path, show: Callable[[str], None]) -> None:
    """Say once how the last run ended, if closing its terminal ended it."""
    with suppress(OSError):
        word = (state / FILE).read_text(errors="replace").strip()
        show(word)
        (state / FILE).unlink()
