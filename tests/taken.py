"""What an ntfy server answers when it has taken a message."""

from collections.abc import Mapping
from typing import Any


def taken(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the message as the server tells it: its id, and the sequence if one was given."""
    names = ("sequence_id", "topic", "title", "message", "priority")
    given = {name: message[name] for name in names if name in message}
    return {"id": "fNlOTFwMXM82", "time": 1795831612, "event": "message", **given}
