"""Send commands to the bedside agents over the server's single broker connection.

Each command is published once, with QoS 0. If the broker stored the command, it could light a lamp
for an alert that is over. Only the agent's own answer shows that the command arrived.
"""

import logging
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from legwatch.contract.bedside_command import Command, CommandResult, decode_result, encode_command
from legwatch.contract.topics import Channel, split, topic
from legwatch.errors import WireError
from legwatch_runtime.clock import instant
from legwatch_server.notify.channels import Retryable

logger = logging.getLogger(__name__)


class BrokerPort(Protocol):
    """The broker connection, as `Bedsides` uses it; any thread may call any method."""

    def ready(self, timeout_s: float) -> str:
        """Wait for the subscription to the agents' answers.

        Return an empty string once the broker has confirmed it, else the reason.
        """

    def say(self, topic: str, payload: bytes) -> bool:
        """Publish once with QoS 0; False without a connection."""


class _CommandKey(NamedTuple):
    """The bed and the command id of an expected answer."""

    bed: str
    id: str


class Bedsides:
    """Match the agents' answers to the commands sent.

    Each outbox worker waits for its own answer; the broker's thread hands the answers in.
    """

    def __init__(self, broker: BrokerPort) -> None:
        self._broker = broker
        self._lock = threading.Lock()  # no thread holds it while it talks to the broker
        self._complained = False
        self._awaited: dict[_CommandKey, queue.SimpleQueue[CommandResult]] = {}

    def ask(self, bed: str, command: Command, timeout_s: float) -> CommandResult:
        """Return the agent's answer; raises Retryable if none comes within `timeout_s`."""
        end = instant().after(timeout_s)
        why = self._broker.ready(timeout_s)
        if why:
            raise Retryable(why)
        with self._awaiting(_CommandKey(bed, command.id)) as answer:
            if not self._broker.say(topic(bed, Channel.CMD), encode_command(command)):
                raise Retryable("the connection to the broker was lost")
            try:
                return answer.get(timeout=max(0.0, end.since(instant())))
            except queue.Empty:
                raise Retryable(f"the agent of {bed} does not answer") from None

    def hear(self, name: str, payload: bytes) -> None:
        """Pass an agent's answer to the waiting thread; the broker's thread calls this."""
        try:
            bed, _ = split(name)
            result = decode_result(payload)
        except WireError as error:
            # Once is enough: a flood of them must not fill the log.
            logger.log(logging.DEBUG if self._complained else logging.WARNING, "bedside: %s", error)
            self._complained = True
            return
        with self._lock:
            answer = self._awaited.get(_CommandKey(bed, result.id))
        if answer is not None:
            answer.put(result)

    @contextmanager
    def _awaiting(self, key: _CommandKey) -> Iterator["queue.SimpleQueue[CommandResult]"]:
        answer: queue.SimpleQueue[CommandResult] = queue.SimpleQueue()
        with self._lock:
            self._awaited[key] = answer
        try:
            yield answer
        finally:
            with self._lock:
                self._awaited.pop(key, None)
