"""A broker that a test holds in its hand: what it says reaches the driver at once."""

import json
from dataclasses import dataclass, field
from typing import Any

from legwatch_device.drivers import open_driver
from legwatch_device.drivers.mqtt.broker import Broker
from legwatch_device.drivers.mqtt.link import Down, Hear, Message, Up
from legwatch_device.drivers.mqtt.source import Clocks
from legwatch_runtime.testing import FakeClock

TOPIC, LIFE = "zigbee2mqtt/leg", "zigbee2mqtt/leg/availability"


@dataclass
class Published:
    """One driver, its clock, and its broker."""

    group: str
    options: dict[str, Any]
    answers: bool = True  # the broker is there from the begin
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.driver: Any = open_driver(
            f"legwatch.{self.group}",
            "mqtt",
            "sensors.x",
            {"topic": TOPIC, **self.options},
            clocks=Clocks(self.clock.instant, self.clock.utc_ms),
            listen=self._listen,
        )

    def _listen(self, broker: Broker, topics: tuple[str, ...], hear: Hear) -> None:
        self.broker, self.topics, self.hear = broker, topics, hear
        hear(Up() if self.answers else Down())

    def say(self, said: object, *, topic: str = TOPIC, retained: bool = False) -> None:
        """Publish bytes, a text, or anything else as JSON."""
        if isinstance(said, str):
            said = said.encode()
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.hear(Message(topic, body, retained))

    def later(self, seconds: float) -> None:
        self.clock.advance(round(seconds * 1000))
