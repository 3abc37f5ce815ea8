"""Play a replay file in place of sensors, at any speed; the windows keep the recording's times."""

import logging
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from legwatch.alerting.notice import iso
from legwatch.contract.roles import ROLES
from legwatch.counted import counted
from legwatch.errors import LegwatchError, OptionError
from legwatch.events import Window
from legwatch.printable import shown
from legwatch.recording import CHANNELS, Recording, parse, windows
from legwatch.recording.unused import unused
from legwatch.renames import fault
from legwatch.settings import setting
from legwatch_device.drivers import Put
from legwatch_runtime.clock import Instant, instant
from legwatch_runtime.replay_file import opened
from legwatch_runtime.zones import zone_named

logger = logging.getLogger(__name__)

SLOWEST = 0.01  # times real time
STUMBLE_MS = 8_000  # of this machine: a shorter delay is no part of the night
LONGEST = 300  # characters of a path that an error shows


class RecordedFeed:
    """Plays the windows and presses of a recording; with `after_ms` only those after this time."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a recording that replaces the sensors."""

        file: str = setting("", "replay file (CSV time,channel,value; gz or plain); empty: none")
        speed: float = setting(60.0, "times real time; 0: as fast as possible", low=0, high=100_000)
        zone: str = setting("UTC", "time zone of times without an offset")
        map: dict[str, str] = setting({}, "new names of channels: old = new")

        def check(self) -> None:
            """Raise OptionError if the recording cannot be played."""
            if 0 < self.speed < SLOWEST:
                raise OptionError("speed", f"0, or {SLOWEST:g} to 100000 is expected")
            if self.file:
                _read(self)

        def roles(self) -> frozenset[str]:
            """Return the roles of the sensors of which the recording has readings."""
            channels = {reading[1] for reading in _read(self).readings}
            fields = {role.name: {field.channel for field in role.fields} for role in ROLES}
            return frozenset(name for name, of in fields.items() if of & channels)

        def unread(self) -> str:
            """Return that nothing of the recording was read, and why; empty: something was."""
            return _unread(_read(self))

    def __init__(
        self,
        options: Options,
        *,
        after_ms: int | None = None,
        window_s: int = 10,
        now: Callable[[], Instant] = instant,
    ) -> None:
        recording = _read(options)
        if why := _unread(recording):
            raise OptionError("file", f"{shown(options.file, LONGEST)}: {why}")
        every = list(windows(recording, length_s=window_s))
        self._items = [
            item
            for item in every
            if after_ms is None
            or (item.to_ms if isinstance(item, Window) else item.at_ms) > after_ms
        ]
        self._earlier = _earlier(len(every) - len(self._items), after_ms)
        # What of the file is not played, and why; empty: all of it is.
        self.left_out = "; ".join(filter(None, (self._earlier, *unused(recording))))
        self._speed = options.speed
        self._now = now
        self._begun: Instant | None = None
        self._file = options.file

    def run(self, put: Put, stop: threading.Event) -> None:
        """Play until the end or until `stop` is set."""
        self._begun = self._now()
        if self.left_out:
            logger.warning("%s: not all is played: %s%s", self._file, self.left_out, self._remedy)
        logger.info("playing %s: %s windows at speed %g", self._file, len(self._items), self._speed)
        for item in self._items:
            at_ms = item.to_ms if isinstance(item, Window) else item.at_ms
            wait_s = self._wait_s(at_ms)
            if wait_s > 0 and stop.wait(wait_s):
                return
            if stop.is_set():
                return
            put(item)

    @property
    def _remedy(self) -> str:
        """Return how windows are played that were left out for their time."""
        if not self._earlier:
            return ""
        return (
            "; to play what is earlier, give `legwatch up` another --state, or the agent another"
            " bed and state_dir"
        )

    def age_ms(self, to_ms: int) -> int | None:
        """Return for how long a window is overdue; None at full speed: windows do not age.

        The time is that of the recording, as in the night itself: a broker that was away for an
        hour of the night makes windows too old to be judged. A stumble of this machine does not: at
        1,200 times speed, a quarter of a second would be five minutes, and give other notices.
        """
        now_ms = self._now_ms()
        if now_ms is None:
            return None
        overdue_ms = max(0, now_ms - to_ms)
        here_ms = round(overdue_ms / self._speed)
        return here_ms if here_ms < STUMBLE_MS else overdue_ms

    def _now_ms(self) -> int | None:
        """Return the recording's present time, UTC ms."""
        if not self._speed or self._begun is None or not self._items:
            return None
        return self._first_ms() + int(self._now().since(self._begun) * 1000 * self._speed)

    def _wait_s(self, at_ms: int) -> float:
        now_ms = self._now_ms()
        return 0.0 if now_ms is None else (at_ms - now_ms) / 1000 / self._speed

    def _first_ms(self) -> int:
        first = self._items[0]
        return first.from_ms if isinstance(first, Window) else first.at_ms


def _earlier(left_out: int, after_ms: int | None) -> str:
    """Say what is left out since it is not later than the last window that was played."""
    if after_ms is None or not left_out:
        return ""
    are = "is" if left_out == 1 else "are"
    return (
        f"{counted(left_out, 'window')} {are} left out, not later than what was played from this"
        f" folder before, until {iso(after_ms)}"
    )


def not_played(played: RecordedFeed.Options) -> str:
    """Return which lines of a recording are not used, and why; empty: all are, or there is none.

    Raises OptionError if it cannot be read.
    """
    return "; ".join(unused(_read(played))) if played.file else ""


def _unread(recording: Recording) -> str:
    if recording.readings:
        return ""
    why = "; ".join(unused(recording)) or "there is no line after the header"
    channels = f"; [recording] map renames a channel to one of {', '.join(CHANNELS)}"
    return f"nothing was read: {why}{channels if recording.ignored else ''}"


def _read(played: RecordedFeed.Options) -> Recording:
    path = Path(played.file)
    zone = zone_named(played.zone, "recording.zone")
    try:
        with opened(path) as lines:
            recording = parse(lines, zone=zone, renames=played.map)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        missing = isinstance(error, FileNotFoundError)
        why = (error.strerror if isinstance(error, OSError) else None) or str(error)
        problem = "is not there" if missing else f"cannot be read: {why}"
        raise OptionError("file", f"{shown(str(path.absolute()), LONGEST)} {problem}") from None
    except LegwatchError as error:
        raise OptionError("file", f"{path}: {error}") from None
    if wrong := fault(list(played.map.items()), recording.columns):
        raise OptionError("map", wrong)
    return recording
