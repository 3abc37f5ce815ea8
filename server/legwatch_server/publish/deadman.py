"""Heartbeats to an external watcher, only while the server stores fresh windows.

A server that runs but gets no windows watches nobody, so its heartbeats must stop too. So must
those of a server whose pushes reach nobody.
"""

import logging
import threading
from collections.abc import Callable

import urllib3

from legwatch import __version__
from legwatch_runtime.clock import Instant, instant
from legwatch_runtime.part import WITHIN_S, Parts
from legwatch_runtime.secrets import remember
from legwatch_server.settings import HeartbeatTable

logger = logging.getLogger(__name__)

FRESH_S = 180.0


class DeadManSwitch:
    """Requests the watcher's address from a thread of its own; `fresh`: the last fresh window.

    `unreachable`: no push reaches anybody. Then only the watcher elsewhere can tell people.
    """

    def __init__(
        self,
        settings: HeartbeatTable,
        fresh: Callable[[], Instant | None],
        now: Callable[[], Instant] = instant,
        parts: Parts | None = None,
        unreachable: Callable[[], bool] = lambda: False,
    ) -> None:
        self._unreachable = unreachable
        remember(settings.url.partition("://")[2].partition("/")[2])  # mostly a secret name
        self._settings, self._fresh, self._now = settings, fresh, now
        self._pool = urllib3.PoolManager(
            timeout=10.0, retries=False, headers={"User-Agent": f"legwatch/{__version__}"}
        )
        self._stop = threading.Event()
        self.given = self.withheld = 0
        self._failing = False
        within_s = settings.every_s + WITHIN_S
        self._part = (parts or Parts()).add("heartbeat", self._run, within_s=within_s)

    def start(self) -> None:
        """Start the thread if the settings have an address."""
        if self._settings.url:
            self._part.start()

    def stop(self) -> None:
        """Stop the heartbeats."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(self._settings.every_s):
            self._part.turned()
            self.beat()

    def beat(self) -> bool:
        """Send a heartbeat if the server can watch and tell; True if the watcher accepted it."""
        fresh = self._fresh()
        if fresh is None or self._now().since(fresh) > FRESH_S or self._unreachable():
            self.withheld += 1
            return False
        try:
            status = self._pool.request("GET", self._settings.url, redirect=True).status
            why = "" if status < 400 else f"the watcher answered {status}"
        except urllib3.exceptions.HTTPError as error:
            why = str(error)
        if why:
            level = logging.DEBUG if self._failing else logging.WARNING
            logger.log(level, "the heartbeat failed: %s", why)
        self._failing = bool(why)
        self.given += not why
        return not why
