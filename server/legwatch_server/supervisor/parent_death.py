"""Start a program that ends with its parent, even when the parent is killed outright.

Run as a script by `child`, without imports of ours: it has to be quick.
"""

import contextlib
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(parent: int, command: list[str]) -> None:
    """Become `command`, which the kernel kills as soon as `parent` is gone."""
    with contextlib.suppress(OSError, AttributeError):  # other kernels have no such leash
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == parent:  # else it went before the leash was on
        os.execvp(command[0], command)  # noqa: S606 - the words come from our own parent


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
