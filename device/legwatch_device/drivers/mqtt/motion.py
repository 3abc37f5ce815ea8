"""A movement sensor that others publish: vibration, a PIR, or an event such as Aqara's `action`."""

from dataclasses import dataclass

from legwatch.settings import setting
from legwatch_device.drivers import MotionSample, ReadFault
from legwatch_device.drivers.mqtt import broker as brokers
from legwatch_device.drivers.mqtt import payload
from legwatch_device.drivers.mqtt.broker import Broker
from legwatch_device.drivers.mqtt.line import line
from legwatch_device.drivers.mqtt.link import listen
from legwatch_device.drivers.mqtt.source import Begun, Clocks, Gone, Listen, News, Source
from legwatch_device.drivers.mqtt.words import SILENT, Words, check_life


class MqttMotion:
    """Counts the movements that one topic tells."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a movement sensor."""

        topic: str = brokers.topic(..., "topic of its messages")
        field: str = setting("", "path of the word in JSON; empty: the payload is the word")
        on: tuple[str, ...] = setting(payload.ON, "words for a movement; small letters or large")
        off: tuple[str, ...] = setting(payload.OFF, "words for none")
        same_is_new: bool = setting(
            False, "a message with the same word is one more movement, not a copy of the last one"
        )
        hold_s: float | None = setting(
            None, "so long the sensor says on after a movement; it is subtracted", low=0, high=600
        )
        time: str = setting("", "path of the time at which it was measured, such as last_seen")
        unavailable: tuple[str, ...] = setting(payload.UNAVAILABLE, "values that are no word")
        availability: tuple[str, ...] = brokers.topics("topics that say online or offline")
        silent_s: float = setting(
            0.0, "a sensor without a message for so long is gone; 0: never", low=0, high=90_000
        )
        broker: Broker = setting(Broker, "the broker that the sensors publish to")

        def check(self) -> None:
            """Raise OptionError if a dead sensor could not be told from a still sleeper."""
            brokers.check(self.broker)
            check_life(self.availability, self.silent_s)

    def __init__(
        self, options: Options, *, clocks: Clocks | None = None, listen: Listen = listen
    ) -> None:
        self._options, self._clocks = options, clocks or Clocks()
        self._line = line(options.hold_s, self._clocks.now())
        self._fault = ""
        self._known = False  # the state of the line
        words = Words(
            options.field,
            options.time,
            options.on,
            options.off,
            options.unavailable,
            self._clocks.utc_ms,
        )
        self._source = Source(
            options.broker,
            (options.topic,),
            options.availability,
            words.decode,
            clocks=self._clocks,
            listen=listen,
        )
        for said in self._source.news():
            self._take(said)

    def seen(self) -> MotionSample:
        """Return the movement since the last call; raises ReadFault if some may be missing."""
        missing = self._source.fault()  # also if it is over before the end of this window
        for said in self._source.news():
            missing = missing or (said.fault if isinstance(said, Gone) else "")
            self._take(said)
        fault = self._source.fault() or self._fault or missing
        silent_s = self._options.silent_s
        if not fault and silent_s and self._source.quiet_s() > silent_s:
            fault = SILENT
        now = self._clocks.now()
        sample = self._line.take(now)
        if fault:
            raise ReadFault(fault)
        return sample

    def _take(self, said: News) -> None:
        if isinstance(said, Begun | Gone):
            self._begin()
        elif said.old:
            return
        elif said.fault:
            self._begin()
            self._fault = said.fault
        elif isinstance(said.value, bool):
            self._fault = ""
            # Of a first word nobody knows whether it is a copy of an earlier one.
            if self._known or self._options.same_is_new or not said.value:
                again = self._options.same_is_new
                self._line.said(on=said.value, again=again, at=said.at)
                self._known = True

    def _begin(self) -> None:
        """Begin anew: what the line did meanwhile is not known."""
        self._line = line(self._options.hold_s, self._clocks.now())
        self._fault, self._known = "", False
