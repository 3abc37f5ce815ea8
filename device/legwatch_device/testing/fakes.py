"""Fakes of the broker and the hardware: a test sets their answers and reads what they did."""

import threading
from typing import NamedTuple

from legwatch.contract.bedside_command import CommandResult, decode_result
from legwatch.contract.press import decode_press
from legwatch.contract.topics import Channel
from legwatch.contract.window import decode_window
from legwatch.events import Window
from legwatch_device.drivers import MotionSample, Put, Reading


class SentMessage(NamedTuple):
    """One message of the agent to the broker."""

    channel: Channel
    payload: bytes
    retain: bool


class FakeLink:
    """A `legwatch_device.sender.Link`; `open` sets `up`, and the test may set `up` itself."""

    def __init__(self) -> None:
        self.up = False
        self.sent: list[SentMessage] = []

    def open(self) -> None:
        """Allow sending."""
        self.up = True

    def connected(self) -> bool:
        """Return `up`."""
        return self.up

    def send(self, channel: Channel, payload: bytes, *, retain: bool = False) -> bool:
        """Store a message in `sent`; if the link is down, store nothing and return False."""
        if self.up:
            self.sent.append(SentMessage(channel, payload, retain))
        return self.up

    def payloads(self, channel: Channel) -> list[bytes]:
        """Return the payloads that were sent on a channel, in order."""
        return [message.payload for message in self.sent if message.channel is channel]

    def windows(self) -> list[Window]:
        """Return the windows that were sent."""
        return [decode_window(payload) for payload in self.payloads(Channel.WINDOW)]

    def presses(self) -> list[str]:
        """Return the ids of the presses that were sent."""
        return [decode_press(payload).id for payload in self.payloads(Channel.EVENT)]

    def results(self) -> list[CommandResult]:
        """Return the answers to commands that were sent."""
        return [decode_result(payload) for payload in self.payloads(Channel.RESULT)]

    def order(self) -> str:
        """Return W for each window and E for each press, in the order of sending."""
        letters = {Channel.WINDOW: "W", Channel.EVENT: "E"}
        return "".join(letters.get(message.channel, "") for message in self.sent)


class FakeFeed:
    """A Feed without windows; `now` is the time on its time line, UTC ms, at real speed."""

    def __init__(self, now: int | None = None) -> None:
        self.now = now

    def run(self, put: Put, stop: threading.Event) -> None:
        """End at once."""

    def age_ms(self, to_ms: int) -> int | None:
        """Return how long before `now` a window ended."""
        return None if self.now is None else self.now - to_ms


class FakeSignal:
    """A Signal that adds each call to `did`; `lamp` and `buzzer` say which of them it has."""

    def __init__(self, *, lamp: bool = True, buzzer: bool = True) -> None:
        self.lamp, self.buzzer = lamp, buzzer
        self.did: list[str] = []

    def light(self) -> bool:
        """Add `light` to `did`."""
        self.did.append("light")
        return self.lamp

    def sound(self) -> bool:
        """Add `sound` to `did`."""
        self.did.append("sound")
        return self.buzzer

    def blink(self) -> bool:
        """Add `blink` to `did`."""
        self.did.append("blink")
        return self.lamp

    def calm(self) -> None:
        """Add `calm` to `did`."""
        self.did.append("calm")


class FakeThermometer:
    """A Thermometer that returns its answers one after the other, then always the last answer."""

    def __init__(self, *answers: Reading | Exception) -> None:
        self._answers = list(answers)

    def read(self) -> Reading:
        """Return the next answer, or raise it."""
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class FakeMotion:
    """A Motion sensor that always returns the same answer."""

    def __init__(self, answer: MotionSample | Exception) -> None:
        self._answer = answer

    def seen(self) -> MotionSample:
        """Return the answer, or raise it."""
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


class FakePresence:
    """A Presence sensor that always returns the same answer."""

    def __init__(self, answer: bool | Exception | None) -> None:  # noqa: FBT001 - an answer
        self._answer = answer

    def present(self) -> bool | None:
        """Return the answer, or raise it."""
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer
