"""Asks the agents at the beds, over the server's one connection to the broker.

A command goes out once, with QoS 0: a broker that keeps it for later would light a lamp for an
alert that is over. What counts is the agent's own answer.
"""

import logging
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from legwatch.contract.bedside_command import Command, CommandResult, decode_result, encode_command
from legwatch.contract.topics import Channel, split, topic
from legwatch.errors import WireError
from legwatch_server.notify.channels import Retryable

logger = logging.getLogger(__name__)


class BrokerPort(Protocol):
    """What is needed of the connection; every method may be called from any thread."""

    def ready(self, timeout_s: float) -> str:
        """Wait until answers can be heard; return why they cannot, empty when they can."""

    def say(self, topic: str, payload: bytes) -> bool:
        """Publish once with QoS 0; False without a connection."""


class _Asked(NamedTuple):
    """Whose answer to which command is awaited."""

    bed: str
    id: str


class Bedsides:
    """Used by the outbox's threads, each of which waits for its own answer, and by the broker's."""

    def __init__(self, broker: BrokerPort) -> None:
        self._broker = broker
        self._lock = threading.Lock()  # never held while the broker is asked
        self._awaited: dict[_Asked, queue.SimpleQueue[CommandResult]] = {}

    def ask(self, bed: str, command: Command, timeout_s: float) -> CommandResult:
        """Return the agent's answer; raises Retryable without one."""
        end_s = time.monotonic() + timeout_s
        why = self._broker.ready(timeout_s)
        if why:
            raise Retryable(why)
        with self._awaiting(_Asked(bed, command.id)) as answer:
            if not self._broker.say(topic(bed, Channel.CMD), encode_command(command)):
                raise Retryable("the broker was lost in this moment")
            try:
                return answer.get(timeout=max(0.0, end_s - time.monotonic()))
            except queue.Empty:
                raise Retryable(f"the agent of {bed} does not answer") from None

    def hear(self, name: str, payload: bytes) -> None:
        """Take an agent's answer in; called by the connection's thread."""
        try:
            bed, _ = split(name)
            result = decode_result(payload)
        except WireError as error:
            logger.warning("bedside: %s", error)
            return
        with self._lock:
            answer = self._awaited.get(_Asked(bed, result.id))
        if answer is not None:
            answer.put(result)

    @contextmanager
    def _awaiting(self, asked: _Asked) -> Iterator["queue.SimpleQueue[CommandResult]"]:
        answer: queue.SimpleQueue[CommandResult] = queue.SimpleQueue()
        with self._lock:
            self._awaited[asked] = answer
        try:
            yield answer
        finally:
            with self._lock:
                self._awaited.pop(asked, None)
