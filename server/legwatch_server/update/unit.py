"""The service as systemd knows it: it is asked and told by systemctl, as a person does."""

import subprocess

from legwatch_server.update.places import UNIT

PATIENCE_S = 960.0  # a start that copies a large database may take its 15 minutes
LOOK_S = 20.0


def active() -> bool:
    """Return True if the service runs, as far as systemd knows."""
    return _systemctl("is-active", "--quiet", UNIT, within_s=LOOK_S)[0] == 0


def restarts() -> int:
    """Return how often systemd has started it again because it had ended; 0: that is not known."""
    said = _systemctl("show", "--property=NRestarts", "--value", UNIT, within_s=LOOK_S)[1].strip()
    return int(said) if said.isdecimal() else 0


def start() -> bool:
    """Start the service and wait until it says that it is up; False: it does not."""
    return _systemctl("start", UNIT, within_s=PATIENCE_S)[0] == 0


def restart_soon() -> None:
    """Have it started anew, and do not wait for that."""
    _systemctl("--no-block", "restart", UNIT, within_s=LOOK_S)


def stop() -> None:
    """Stop the service and wait until it has ended."""
    _systemctl("stop", UNIT, within_s=PATIENCE_S)


def read_again() -> None:
    """Let systemd read the files of its units again."""
    _systemctl("daemon-reload", within_s=LOOK_S)


def _systemctl(*words: str, within_s: float) -> tuple[int, str]:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            ["systemctl", *words],  # noqa: S607 - found as in a shell
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=within_s,
        )
    except (OSError, subprocess.TimeoutExpired):
        return -1, ""
    return done.returncode, done.stdout
