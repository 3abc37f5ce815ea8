"""The transport as the server sees it: MQTT today, another one for a fleet later.

A transport is made with `put`, the writer's queue. It decodes each message that it receives, and
puts a value of the inbox there; after each new connection it puts a `Connected`. What was not
confirmed comes again, after a new connection or a new start. One contract test runs against every
transport.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

# The words of /health by which commands know that the server hears nothing, and why.
NO_BROKER = "no connection to the broker"
BROKER_IS = "broker: "  # before the reason


class Outgoing(NamedTuple):
    """One message to publish. `sure`: keep it while there is no connection; else drop it then."""

    topic: str
    payload: bytes
    sure: bool = False
    retain: bool = False


class Publishes(Protocol):
    """The part of a transport that only sends."""

    def publish(self, message: Outgoing) -> None:
        """Publish one message."""


class Transport(Publishes, Protocol):
    """Any thread may call any method; none of them waits for the network but `stop`."""

    def start(self) -> None:
        """Connect in the background, with retries until `stop`."""

    def connected(self) -> bool:
        """Return True while there is a connection."""

    def confirm(self, receipts: Sequence[object]) -> None:
        """Confirm messages whose content is committed.

        A receipt of an earlier connection is void: its message comes again, and is a duplicate.
        """

    def stop(self) -> None:
        """End the connection; what was not confirmed waits for the next start."""
