"""Decodes a message of the broker, on the thread that received it: the writer reads no bytes.

Whatever a message holds, the result is a value: a message that does not decode becomes an
`Unreadable`, which the writer puts into quarantine. A machine that is short of memory says nothing
about a message: then the connection begins again, and the broker sends the message again.
"""

import logging
from collections.abc import Callable

from legwatch.contract.bedside_info import decode_info
from legwatch.contract.event import decode_event
from legwatch.contract.press import Press
from legwatch.contract.request import decode_request
from legwatch.contract.topics import Channel, split
from legwatch.errors import NewerVersion, WireError
from legwatch.named_tuples import maker
from legwatch_server.inbox import (
    Arrived,
    InfoArrived,
    Message,
    PressArrived,
    RequestArrived,
    StatusArrived,
    ToldArrived,
    Unreadable,
    WindowArrived,
)

try:
    from legwatch_server.ingest.usual_window import decode_window
except ImportError:  # this machine has no wheel of msgspec
    from legwatch.contract.window import decode_window

logger = logging.getLogger(__name__)

_window_arrived = maker(WindowArrived)


def decode(message: Message) -> Arrived:
    """Return what a message says; raises only MemoryError and OSError."""
    try:
        bed, channel = split(message.topic)
        if channel not in _READ:
            return Unreadable(message, f"channel {channel[:80]!r} is not read")
        return _READ[channel](bed, message)
    except NewerVersion as error:
        return Unreadable(message, str(error), error.version)
    except WireError as error:
        return Unreadable(message, str(error))
    except (MemoryError, OSError):
        raise
    except Exception as error:  # a fault of the decoder must not end the receiving thread
        logger.exception("a message on %r cannot be decoded", message.topic[:200])
        return Unreadable(message, f"{type(error).__name__}: {error}")


def _status(bed: str, message: Message) -> StatusArrived:
    if message.payload not in (b"online", b"offline"):
        raise WireError("status: online or offline is expected")
    return StatusArrived(bed, message.payload == b"online", message)


def _event(bed: str, message: Message) -> PressArrived | ToldArrived:
    event = decode_event(message.payload)
    if isinstance(event, Press):
        return PressArrived(bed, event, message)
    return ToldArrived(bed, event, message)


def _request(bed: str, message: Message) -> RequestArrived:
    if message.retained:
        raise WireError("request: a retained one is of an unknown age, and is not done")
    return RequestArrived(bed, decode_request(message.payload), message)


_READ: dict[str, Callable[[str, Message], Arrived]] = {
    Channel.WINDOW: lambda bed, m: _window_arrived((bed, decode_window(m.payload), m)),
    Channel.EVENT: _event,
    Channel.INFO: lambda bed, m: InfoArrived(bed, decode_info(m.payload), m),
    Channel.STATUS: _status,
    Channel.REQUEST: _request,
}
CHANNELS = tuple(channel for channel in _READ if channel != Channel.REQUEST)
