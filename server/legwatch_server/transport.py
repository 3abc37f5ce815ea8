"""The transport as the writer sees it: MQTT today, another one for a fleet later.

A transport receives: it decodes each message and puts it into the writer's queue, and a `Connected`
after each new connection. A message that was not confirmed comes again.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Outgoing(NamedTuple):
    """One message to publish. `sure`: keep it while there is no connection; else drop it then."""

    topic: str
    payload: bytes
    sure: bool = False
    retain: bool = False


class Transport(Protocol):
    """Any thread may call any method; none of them waits for the network."""

    def confirm(self, receipts: Sequence[object]) -> None:
        """Confirm messages whose content is committed; earlier connections' receipts are void."""

    def publish(self, message: Outgoing) -> None:
        """Publish one message."""
