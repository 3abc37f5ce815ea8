"""Start a program that the kernel kills when its parent ends, even if the parent was killed.

`process` runs this file as a script. It imports nothing of legwatch, to start quickly.
"""

import contextlib
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(parent: int, command: list[str]) -> None:
    """Replace this process by `command`; the kernel kills it as soon as `parent` ends."""
    with contextlib.suppress(OSError, AttributeError):  # only Linux has prctl
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == parent:  # else the parent ended before the prctl call
        os.execvp(command[0], command)  # noqa: S606 - the command comes from the supervisor


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
