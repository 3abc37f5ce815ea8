"""A driver that may start later: a busy pin must not keep the rest of the bed from being watched.

Each driver is started in the thread that uses it, so one that hangs holds up nothing else. What is
wrong in the settings ends the agent at its start. For any other reason the driver is tried again,
after pauses that grow.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

from legwatch.errors import LegwatchError, SettingsError
from legwatch_runtime.backoff import Backoff
from legwatch_runtime.clock import instant
from legwatch_runtime.plugins import NOT_BEFORE

logger = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 2.0, 60.0
FIRST_TRIES_S = 10.0  # how long the start of the agent waits for the first try of every driver


class Starting:
    """Starts one driver; `what` is what it is for, and `driver` is who hangs, in the log."""

    def __init__(self, what: str, start: Callable[[], Any], driver: str = "its driver") -> None:
        self.what, self._start = what, start
        self.tried = threading.Event()  # the first try is over
        self.refused: LegwatchError | None = None  # the settings are wrong
        self.hangs = f"{driver} hangs in its start"
        self.why = self.hangs  # why it has not started; empty when it has
        self.told_hanging = False  # the log says so
        self._backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)

    def again(self) -> "Starting":
        """Return the start of the same driver, after one that hangs."""
        other = Starting(self.what, self._start)
        other.hangs, other.why = self.hangs, self.hangs
        other.tried.set()  # what is wrong in the settings was told at the first
        return other

    def wait(self, stop: threading.Event, turned: Callable[[], None] = lambda: None) -> Any:
        """Return the driver as soon as it starts; None after a stop."""
        while not stop.is_set():
            turned()
            driver = self.attempt()
            if driver is not None:
                return driver
            stop.wait(self._backoff.next_s())
        return None

    def attempt(self) -> Any:
        """Try once; return the driver, or None and note why."""
        try:
            driver = self._start()
        except BaseException as error:  # noqa: BLE001 - a driver may raise SystemExit, too
            self._failed(error)
            return None
        finally:
            self.tried.set()
        if self.told_hanging or self.why not in {"", self.hangs}:
            logger.info("%s: works now", self.what)
        self.why = ""
        return driver

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, SettingsError) and not self.tried.is_set():
            self.refused, self.why = error, str(error)
            return  # the agent says so when it ends
        text = " ".join(str(error).split()) or type(error).__name__
        why = text if isinstance(error, LegwatchError) else f"{type(error).__name__}: {text}"
        if why != self.why:
            again = "" if NOT_BEFORE in why else ", and this one is tried again"
            logger.warning("%s: %s; the others go on%s", self.what, why, again)
        self.why = why


def wait_for_first_tries(drivers: Iterable[Starting], within_s: float = FIRST_TRIES_S) -> None:
    """Wait until every driver was tried once; raises the SettingsError of a wrong setting."""
    begun = instant()
    for starting in drivers:
        if not starting.tried.wait(max(0.0, within_s - instant().since(begun))):
            starting.told_hanging = True
            logger.warning("%s: %s; the others go on", starting.what, starting.hangs)
        if starting.refused is not None:
            raise starting.refused


def started(driver: Any) -> "Starting":
    """Return a driver that is already there, as one that starts at once."""
    return Starting("a driver", lambda: driver)
