"""Run `legwatch ARGS` in a process whose wall clock libfaketime moves.

`time.sleep` sleeps until a moment, which libfaketime reckons wrongly when it leaves the elapsed
clocks alone: the call fails. So here it waits by other means.
"""

import os
import sys
import threading
import time
from pathlib import Path

from legwatch.__main__ import main

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


def environment(offset: Path) -> dict[str, str]:
    """Return the environment of a process whose wall clock is moved by the seconds in a file."""
    return {
        "LD_PRELOAD": str(LIBRARIES[0]),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def set_clock(offset: Path, by_s: int) -> None:
    """Move the wall clock of a running process; it reads the file each time."""
    made = offset.with_suffix(".new")
    made.write_text(f"{by_s:+d}\n")
    made.replace(offset)


def _sleep(seconds: float) -> None:
    threading.Event().wait(seconds)


if __name__ == "__main__":
    os.environ.pop("LD_PRELOAD", None)  # programs that this one starts have right clocks
    time.sleep = _sleep  # type: ignore[assignment]
    sys.exit(main(sys.argv[1:]))
