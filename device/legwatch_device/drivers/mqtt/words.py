"""Read the messages of a sensor that says on or off."""

from collections.abc import Callable, Iterable

from legwatch.errors import OptionError
from legwatch_device.drivers.mqtt import payload
from legwatch_device.drivers.mqtt.link import Message
from legwatch_device.drivers.mqtt.payload import ABSENT, Unreadable
from legwatch_device.drivers.mqtt.source import Said, is_old, unread
from legwatch_runtime.clock import Instant

SILENT = "silent"  # fault: no message for too long


def check_life(availability: tuple[str, ...], silent_s: float) -> None:
    """Raise OptionError if nothing would tell that a sensor is dead.

    One that speaks only when something happens is as silent when its battery is empty.
    """
    if not availability and not silent_s:
        raise OptionError(
            "availability",
            "give topics that say online or offline, or silent_s: else nobody could tell a dead"
            " sensor from one that has nothing to say",
        )


class Words:
    """Which words are on and off, and where they stand in a message."""

    def __init__(
        self,
        field: str,
        time: str,
        on: Iterable[str],
        off: Iterable[str],
        unavailable: Iterable[str],
        utc_ms: Callable[[], int],
    ) -> None:
        self._field, self._time, self._utc_ms = field, time, utc_ms
        self._on, self._off = frozenset(map(payload.small, on)), frozenset(map(payload.small, off))
        self._unavailable = frozenset(map(payload.small, unavailable))

    def decode(self, message: Message, at: Instant) -> Said:
        """Read a message; a message without the field only shows that the sensor lives."""
        old = message.retained
        try:
            found = payload.body(message.payload, plain=not self._field)
            old = is_old(message, found, self._time, self._utc_ms())
            said = payload.at(found, self._field)
            if said is ABSENT:
                return Said(at, old=old)
            value = payload.state(said, self._on, self._off, self._unavailable)
            return Said(at, value=value, old=old)
        except Unreadable as error:
            return unread(at, error, old=old)
