"""A thermometer that others publish.

Each message is one reading at most. Between two messages there is none, and the last one is never
told again: what the air may be meanwhile is for the rules to judge, which know how old it is.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from legwatch.contract.fields import OUT_OF_RANGE
from legwatch.errors import OptionError
from legwatch.options import Part
from legwatch.settings import setting
from legwatch_device.drivers import NothingNew, ReadFault, Reading
from legwatch_device.drivers.mqtt import broker as brokers
from legwatch_device.drivers.mqtt import payload
from legwatch_device.drivers.mqtt.broker import Broker
from legwatch_device.drivers.mqtt.link import Message, listen
from legwatch_device.drivers.mqtt.payload import ABSENT, Unreadable
from legwatch_device.drivers.mqtt.source import (
    FRESH_S,
    Begun,
    Clocks,
    Gone,
    Listen,
    News,
    Said,
    Source,
    is_old,
    unread,
)
from legwatch_runtime.clock import Instant

logger = logging.getLogger(__name__)

LOWEST_C, HIGHEST_C = -55.0, 125.0  # no thermometer for a room measures more (DS18B20, SHT4x)
MOST_REPORT_S = 120.0  # README.md has what is missed with less
SILENT_AFTER = 2.5  # times the longest report
OFTEN = 3  # so many long gaps in a row are how this sensor reports
# Faults.
SILENT, SELDOM, NO_FIELD = "silent", "too_seldom", "no_field"
OLD, SAME = "old_time", "same_value"


class MqttThermometer:
    """Takes the readings of one topic."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a thermometer."""

        topic: str = brokers.topic(..., "topic of its messages")
        same_is_new: bool = setting(
            ..., "a message with the same value is a new reading, not a copy of the last one"
        )
        field: str = setting("", "path of the temperature in JSON; empty: the payload is the value")
        unit: str = setting("c", "unit of the temperature", choices=("c", "f"))
        humidity: str = setting("", "path of the humidity in JSON; empty: none, or the payload")
        humidity_topic: str = setting("", "topic of the humidity, if it has its own")
        time: str = setting("", "path of the time at which it was measured, such as last_seen")
        unavailable: tuple[str, ...] = setting(payload.UNAVAILABLE, "values that are no reading")
        availability: tuple[str, ...] = brokers.topics("topics that say online or offline")
        report_s: float = setting(
            60.0, "the sensor reports at least so often", low=1, high=MOST_REPORT_S
        )
        broker: Broker = setting(Broker, "the broker that the sensors publish to")

        def check(self) -> None:
            """Raise OptionError for a humidity that has no place, and for a wrong broker."""
            brokers.check(self.broker)
            if self.humidity and not (self.field or self.humidity_topic):
                raise OptionError("humidity", "without `field`, it needs humidity_topic")
            if self.time and not self.field:
                raise OptionError("time", "a payload that is the value itself has no time")

        def parts(self) -> Iterator[Part]:
            """Yield the sensor: what is published there is the air of one place."""
            place = f"{self.topic} at {self.broker.host}:{self.broker.port}"
            yield Part("topic", f"{self.field or 'the value'} in {place}")

    def __init__(
        self, options: Options, *, clocks: Clocks | None = None, listen: Listen = listen
    ) -> None:
        self._options = options
        self._unavailable = frozenset(map(payload.small, options.unavailable))
        self._clocks = clocks or Clocks()
        self._last: Said | None = None  # the last reading, also when it was told already
        self._known_c: float | None = None  # with which a copy would agree
        self._fresh: Said | None = None  # a reading that was not told yet
        self._humidity: Said | None = None  # the last one with a humidity that was not told yet
        self._fault = ""
        self._quiet = SILENT  # what a silence is called
        self._begun_at = self._clocks.now()
        self._long_gaps = 0
        topics = filter(None, (options.topic, options.humidity_topic))
        self._source = Source(
            options.broker,
            tuple(topics),
            options.availability,
            self._decode,
            clocks=self._clocks,
            listen=listen,
        )

    def read(self) -> Reading:
        """Return the reading of the newest message; raises NothingNew if none has come."""
        for said in self._source.news():
            self._take(said)
        fault = self._source.fault() or self._fault
        if fault:
            raise ReadFault(fault)
        now, fresh = self._clocks.now(), self._fresh
        self._fresh = None
        if fresh is not None and now.since(fresh.at) <= FRESH_S:
            assert fresh.value is not None
            return Reading(float(fresh.value), self._humidity_pct(now))
        since = self._last.at if self._last is not None else self._begun_at
        if now.since(since) > SILENT_AFTER * self._options.report_s:
            raise ReadFault(SELDOM if self._long_gaps >= OFTEN else self._quiet)
        raise NothingNew

    def _humidity_pct(self, now: Instant) -> float | None:
        said, self._humidity = self._humidity, None
        if said is None or now.since(said.at) > FRESH_S:
            return None
        return said.humidity_pct

    def _take(self, said: News) -> None:
        if isinstance(said, Begun):
            self._begun_at, self._known_c, self._last = said.at, None, None
            self._fault, self._quiet = "", SILENT
        elif isinstance(said, Gone):
            self._fresh = self._humidity = None
        elif said.old:
            self._quiet = OLD
        elif said.fault:
            self._fault, self._fresh = said.fault, None
        else:
            if said.humidity_pct is not None:
                self._humidity = said
            if said.value is not None:
                self._measured(said)
            elif said.humidity_pct is None:
                self._quiet = NO_FIELD

    def _measured(self, said: Said) -> None:
        """Take a value in; a copy of the last one is no reading, unless the owner says otherwise.

        Of the first one since the begin nobody knows whether it is a copy.
        """
        known_c, self._known_c = self._known_c, float(said.value or 0.0)
        self._fault, self._quiet = "", SILENT
        if not self._options.same_is_new and known_c in (None, self._known_c):
            self._quiet = SAME
            return
        if self._last is not None:
            self._note_gap(said.at.since(self._last.at))
        self._fresh = self._last = said

    def _note_gap(self, gap_s: float) -> None:
        if gap_s <= MOST_REPORT_S:
            self._long_gaps = 0
            return
        self._long_gaps += 1
        if self._long_gaps == OFTEN:
            logger.warning(
                "%s: this sensor reports each %.0f min, which is too seldom to notice cold legs in"
                " time; set its reporting to 30 s, and to %.0f s at most",
                self._options.topic,
                gap_s / 60,
                MOST_REPORT_S,
            )

    def _decode(self, message: Message, at: Instant) -> Said:
        """Read a message; the thread of the connection calls this, and it keeps nothing."""
        options, old = self._options, message.retained
        try:
            if message.topic == options.humidity_topic and message.topic != options.topic:
                return Said(at, humidity_pct=self._other_humidity(message), old=old)
            found = payload.body(message.payload, plain=not options.field)
            old = is_old(message, found, options.time, self._clocks.utc_ms())
            said = payload.at(found, options.field)
            own = options.humidity and not options.humidity_topic
            humidity = payload.at(found, options.humidity) if own else ABSENT
            reading = Said(at, humidity_pct=self._percent(humidity), old=old)
            if said is ABSENT:
                return reading
            return replace(reading, value=self._celsius(payload.number(said, self._unavailable)))
        except Unreadable as error:
            return unread(at, error, old=old)

    def _celsius(self, value: float) -> float:
        celsius = round((value - 32) / 1.8, 2) if self._options.unit == "f" else value
        if not LOWEST_C <= celsius <= HIGHEST_C:
            raise Unreadable(OUT_OF_RANGE)
        return celsius

    def _other_humidity(self, message: Message) -> float | None:
        try:
            found = payload.body(message.payload, plain=not self._options.humidity)
        except Unreadable:
            return None
        return self._percent(payload.at(found, self._options.humidity))

    def _percent(self, value: object) -> float | None:
        """Return a humidity; what is none is unknown, and the temperature counts all the same."""
        if value is ABSENT:
            return None
        try:
            found = payload.number(value)
        except Unreadable:
            return None
        return found if 0.0 <= found <= 100.0 else None
