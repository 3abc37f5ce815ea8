"""The device file of a bus or a port; if it cannot be opened, an error says the cause."""

import os
from pathlib import Path

from legwatch.errors import CannotRun

DEV = Path("/dev")


def check_file(name: str, group: str, how: str) -> None:
    """Raise CannotRun if the device file is not there, or if this user may not open it.

    `name`: in /dev, or a whole path. `group`: whose members may open it; `how`: what makes the file
    appear.
    """
    file = DEV / name
    try:
        os.close(os.open(file, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC))
    except FileNotFoundError:
        raise CannotRun(f"{file} is not there: {how}") from None
    except PermissionError:
        raise CannotRun(
            f"{file} is there, but this user may not open it: sudo usermod -aG {group} $USER, then"
            " log in again"
        ) from None
    except OSError as error:
        raise CannotRun(f"{file} cannot be opened: {error.strerror}") from None
