"""Start the push channels: one that cannot start now does not stop the others, and is tried again.

Its folder may be full, or its library may be gone after an upgrade of the machine. Wrong settings
still end the start of the server.
"""

import logging
import threading
from collections.abc import Iterator, Mapping
from functools import partial

from legwatch.entry import reason
from legwatch.errors import CannotRun, LegwatchError, SettingsError
from legwatch_runtime import plugins
from legwatch_runtime.backoff import Backoff
from legwatch_runtime.bounded_call import call_within
from legwatch_runtime.part import Parts
from legwatch_server.left_out import IN_A_ROW, is_left_out
from legwatch_server.notify.channels import (
    STARTS_WITHIN_S,
    Notifier,
    build_channel,
    check_unused,
    given,
    load_channel,
)
from legwatch_server.notify.outboxes import Outboxes
from legwatch_server.settings import CHANNELS, ServerSettings

logger = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 30.0


class LateChannels:
    """Opens and prepares channels, and lets the outboxes use those that are ready."""

    def __init__(self, outboxes: Outboxes, settings: ServerSettings, parts: Parts) -> None:
        self._outboxes, self._settings, self._parts = outboxes, settings, parts
        self._lock = threading.Lock()
        self._ready: dict[str, Notifier] = {}
        self._missing: dict[str, str] = {}  # why each of the others has not started
        self._part = parts.add("channels", self._run)

    def begin(self) -> None:
        """Start all that can start; raises SettingsError for wrong settings."""
        check_unused(self._settings, broken_too=False)
        self._look(at_start=True)

    def start(self) -> None:
        """Try the others again in a part of its own."""
        self._part.start()

    def anew(self, settings: ServerSettings) -> dict[str, Notifier]:
        """Return the prepared channels for new settings; raises LegwatchError.

        One of which the settings change nothing is started anew, too, for a new secret; if it
        cannot start now, it goes on as it is, or is still missing: its file or its package may be
        gone.
        """
        check_unused(settings)
        names = settings.channel_names()
        with self._lock:
            tried = {name: self._anew(name, path, settings) for name, path in names.items()}
        return {name: one for name, one in tried.items() if one is not None}

    def _anew(self, name: str, path: str, settings: ServerSettings) -> Notifier | None:
        try:
            return self._made(name, path, settings)
        except (Exception, SystemExit) as error:
            why, known = _why(name, error), name in self._ready or name in self._missing
            if not known or given(name, settings) != given(name, self._settings):
                if isinstance(error, LegwatchError):
                    raise
                raise CannotRun(f"channel {name} cannot start: {why}") from None
            logger.warning("channel %s goes on as it is, without a new start: %s", name, why)
            return self._ready.get(name)

    def _made(self, name: str, path: str, settings: ServerSettings) -> Notifier:
        """Return a new channel that is ready to send; raises whatever it raises."""
        if is_left_out(name):
            raise CannotRun(
                f"it is left out: the server has ended {IN_A_ROW} times in a row in a call of it;"
                f" once it is mended, {plugins.NOT_BEFORE}"
            )
        notifier = build_channel(load_channel(name, path), name, settings)
        prepare = partial(self._outboxes.prepare, {name: notifier})
        call_within(f"prepare {name} {type(notifier).__module__}", prepare, STARTS_WITHIN_S)
        return notifier

    def take_over(self, settings: ServerSettings, channels: Mapping[str, Notifier]) -> None:
        """Use new settings with the channels of `anew`."""
        with self._lock:
            self._settings, self._ready = settings, dict(channels)
            wanted = settings.channel_names().keys() - channels.keys()
            self._missing = {n: why for n, why in self._missing.items() if n in wanted}
            self._outboxes.use(settings, self._ready)

    def wrong(self) -> Iterator[str]:
        """Yield why a channel cannot be used."""
        yield from (f"channel {name} cannot start: {why}" for name, why in self._missing.items())

    def look(self) -> None:
        """Try to start every channel that has not started; one that cannot stops no other."""
        self._look(at_start=False)

    def _look(self, *, at_start: bool) -> None:
        with self._lock:
            before = dict(self._missing)
            for name, path in self._settings.channel_names().items():
                if name not in self._ready:
                    self._try(name, path, at_start=at_start)
            for name, why in self._missing.items():
                if before.get(name) != why:
                    again = "" if plugins.NOT_BEFORE in why else ", trying again"
                    logger.warning("channel %s cannot start%s: %s", name, again, why)
            self._outboxes.use(self._settings, self._ready)

    def _try(self, name: str, path: str, *, at_start: bool) -> None:
        try:
            notifier = self._made(name, path, self._settings)
        except (Exception, SystemExit) as error:  # the other channels go on
            if at_start and isinstance(error, SettingsError):
                raise
            self._missing[name] = _why(name, error)
            return
        if self._missing.pop(name, None) is not None:
            logger.warning("channel %s has started", name)  # as loud as that it could not
        self._ready[name] = notifier

    def _run(self) -> None:
        backoff = Backoff(FIRST_WAIT_S, LONGEST_WAIT_S)
        while not self._parts.stopping.wait(backoff.next_s()):
            self._part.turned()
            if self._missing:
                self.look()
            else:
                backoff.reset()


def _why(name: str, error: BaseException) -> str:
    """Return why a channel cannot start, with its package if it is of another one."""
    why = str(error) if isinstance(error, LegwatchError | OSError) else reason(error)
    whose = plugins.whose(CHANNELS, name)
    return (why if whose in why else f"{why}{whose}").strip()
