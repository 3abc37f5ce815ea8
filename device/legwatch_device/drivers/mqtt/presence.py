"""A mat or a radar that others publish. Its word holds until the next one, while it is there."""

from dataclasses import dataclass

from legwatch.settings import setting
from legwatch_device.drivers import ReadFault
from legwatch_device.drivers.mqtt import broker as brokers
from legwatch_device.drivers.mqtt import payload
from legwatch_device.drivers.mqtt.broker import Broker
from legwatch_device.drivers.mqtt.link import listen
from legwatch_device.drivers.mqtt.source import Begun, Clocks, Gone, Listen, News, Source
from legwatch_device.drivers.mqtt.words import SILENT, Words, check_life


class MqttPresence:
    """Says what the last message said; unknown until the first one."""

    @dataclass(frozen=True, slots=True)
    class Options:
        """The keys of a presence sensor."""

        topic: str = brokers.topic(..., "topic of its messages")
        field: str = setting("", "path of the word in JSON; empty: the payload is the word")
        on: tuple[str, ...] = setting(payload.ON, "words for somebody in bed")
        off: tuple[str, ...] = setting(payload.OFF, "words for nobody in bed")
        time: str = setting("", "path of the time at which it was measured, such as last_seen")
        unavailable: tuple[str, ...] = setting(payload.UNAVAILABLE, "values that are no word")
        availability: tuple[str, ...] = brokers.topics("topics that say online or offline")
        silent_s: float = setting(
            0.0, "a sensor without a message for so long is gone; 0: never", low=0, high=90_000
        )
        broker: Broker = setting(Broker, "the broker that the sensors publish to")

        def check(self) -> None:
            """Raise OptionError if a word of a dead sensor would hold for ever."""
            brokers.check(self.broker)
            check_life(self.availability, self.silent_s)

    def __init__(
        self, options: Options, *, clocks: Clocks | None = None, listen: Listen = listen
    ) -> None:
        clocks = clocks or Clocks()
        self._silent_s = options.silent_s
        self._word: bool | None = None
        self._fault = ""
        words = Words(
            options.field,
            options.time,
            options.on,
            options.off,
            options.unavailable,
            clocks.utc_ms,
        )
        self._source = Source(
            options.broker,
            (options.topic,),
            options.availability,
            words.decode,
            clocks=clocks,
            listen=listen,
        )

    def present(self) -> bool | None:
        """Return the last word, None before the first; raises ReadFault if it counts no more."""
        for said in self._source.news():
            self._take(said)
        fault = self._source.fault() or self._fault
        if not fault and self._silent_s and self._source.quiet_s() > self._silent_s:
            fault = SILENT
        if fault:
            raise ReadFault(fault)
        return self._word

    def _take(self, said: News) -> None:
        if isinstance(said, Begun | Gone):
            self._word, self._fault = None, ""
        elif said.old:
            return
        elif said.fault:
            self._word, self._fault = None, said.fault
        elif isinstance(said.value, bool):
            self._word, self._fault = said.value, ""
