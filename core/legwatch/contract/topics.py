"""The topics of wire contract v1: `legwatch/v1/<bed>/<channel>`."""

import re
from enum import StrEnum

from legwatch.errors import WireError

ROOT = "legwatch/v1"
_BED = re.compile(r"[a-z0-9-]{1,32}")


class Channel(StrEnum):
    """The last part of a topic; `alert` is followed by the kind."""

    STATUS = "status"
    INFO = "info"
    WINDOW = "window"
    EVENT = "event"
    STORED = "stored"
    RULES = "rules"
    ALERT = "alert"
    STATE = "state"
    CMD = "cmd"
    RESULT = "cmd/result"
    REQUEST = "request"


# Readings, events and commands are never retained: after a restart they would look new.
RETAINED = frozenset({Channel.STATUS, Channel.INFO, Channel.STORED, Channel.RULES, Channel.ALERT})


def check_bed(bed: str) -> str:
    """Return `bed`; raises WireError unless it matches `[a-z0-9-]{1,32}`."""
    if not _BED.fullmatch(bed):
        raise WireError(f"bed {bed!r} is not 1-32 characters of a-z, 0-9 and -")
    return bed


def topic(bed: str, channel: Channel, leaf: str | None = None) -> str:
    """Return the topic of one bed's channel; `leaf` is the alert's kind."""
    parts = (ROOT, bed, channel, leaf) if leaf else (ROOT, bed, channel)
    return "/".join(parts)  # at each window: much faster than to ask the channel for its value


def split(name: str) -> tuple[str, str]:
    """Return (bed, rest) of a topic; raises WireError for a topic outside `legwatch/v1`."""
    parts = name.split("/", 3)
    if len(parts) != 4 or parts[0] != "legwatch" or parts[1] != "v1":
        raise WireError(f"topic {name[:80]!r} is not {ROOT}/<bed>/...")
    return check_bed(parts[2]), parts[3]
