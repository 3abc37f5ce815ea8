"""What stands for the network: a broker and push services that write down what they are given."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from legwatch_runtime.testing import FakeClock
from legwatch_server.notify.channels import Push, PushError, Sent
from legwatch_server.transport import Outgoing

MINUTE_MS = 60_000


class Published(NamedTuple):
    """One message of the server to the broker."""

    topic: str
    payload: bytes
    retain: bool


class FakeBroker:
    """A `legwatch_server.transport.Transport` without a network."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []  # the numbers of the messages
        self.published: list[Published] = []
        self.quiet_s = 0.0  # for how long nothing has come
        self.rival = False  # another program takes the server's place
        self.up = True  # False: the broker is stopped

    def connected(self) -> bool:
        """Return True while the broker is up."""
        return self.up

    def silent_s(self) -> float:
        """Return for how long nothing has come, though there is a connection; else 0."""
        return self.quiet_s if self.up else 0.0

    def contested(self) -> bool:
        """Return True while another program takes the server's place."""
        return self.rival

    def confirm(self, receipts: Sequence[object]) -> None:
        """Note the receipts of messages that are committed: here, their numbers."""
        self.acknowledged += [receipt for receipt in receipts if isinstance(receipt, int)]

    def publish(self, message: Outgoing) -> None:
        """Note a message."""
        self.published.append(Published(message.topic, message.payload, message.retain))

    def last(self, topic: str) -> Any:
        """Return the JSON that was published last on a topic; None: an empty payload.

        Raises IndexError if nothing was.
        """
        payload = [message.payload for message in self.published if message.topic == topic][-1]
        return json.loads(payload) if payload else None


class ArrivedPush(NamedTuple):
    """A push as a channel got it."""

    minute: float  # since the server's beginning
    channel: str
    push: Push


class PushLog:
    """The pushes of all channels, in the order in which they were sent."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock, self._begin_ms = clock, clock.now_ms
        self.tried: list[ArrivedPush] = []  # those that failed as well
        self.arrived: list[ArrivedPush] = []

    @property
    def minute(self) -> float:
        """Minutes since the log was begun."""
        return (self._clock.now_ms - self._begin_ms) / MINUTE_MS


class FakeChannel:
    """A push service that takes every push, or answers as the test wants.

    `replies` are the answers to the next pushes: an error is raised, None is a plain yes. When none
    is left, `always` is the answer.
    """

    def __init__(self, name: str, log: PushLog) -> None:
        self._name, self._log = name, log
        self.replies: list[PushError | Sent | None] = []
        self.always: PushError | None = None
        self.withdrawn: list[tuple[float, str]] = []  # minute and address

    def send(self, push: Push) -> Sent:
        """Take a push; raises the error that is the answer."""
        sent = self._answer(push)
        self._log.arrived.append(self._log.tried[-1])
        return sent or Sent(f"receipt-{push.id}")

    def withdraw(self, push: Push, receipt: str) -> None:
        """Take a push back."""
        del receipt
        self.withdrawn.append((self._log.minute, push.to))

    def rehearse(self, push: Push) -> str:
        """Prove that the channel works, without an arrived push; raises as `send` does."""
        self._answer(push)
        return "came back"

    def _answer(self, push: Push) -> Sent | None:
        reply = self.replies.pop(0) if self.replies else self.always
        self._log.tried.append(ArrivedPush(self._log.minute, self._name, push))
        if isinstance(reply, PushError):
            raise reply
        return reply
