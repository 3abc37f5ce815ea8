"""What a rule says of one minute: yes at some level, no, or unknown; and why."""

from enum import IntEnum, StrEnum
from typing import NamedTuple

Figures = tuple[tuple[str, float | int | str | None], ...]


class Severity(StrEnum):
    """How much it matters: `log` is only written down."""

    LOG = "log"
    WARNING = "warning"
    URGENT = "urgent"


class Reason(StrEnum):
    """Why."""

    UNCOVERED = "uncovered"
    COOLED = "cooled"
    COLD_START = "cold_start"
    COLD_ROOM = "cold_room"
    DRAUGHT = "draught"
    NOT_ANSWERED = "not_answered"
    STILL_TOO_LONG = "still_too_long"
    COLD_AND_STILL = "cold_and_still"
    WARM_AGAIN = "warm_again"
    WARM_ROOM = "warm_room"
    MOVED = "moved"
    LEFT_BED = "left_bed"
    NO_READINGS = "no_readings"
    IMPLAUSIBLE = "implausible"
    STUCK = "stuck"
    DISPLACED = "slipped"
    MOVEMENT_MISSING = "movement_missing"
    MOVEMENT_SILENT = "movement_silent"
    PRESENCE_UNSURE = "presence_unsure"
    AGENT_SILENT = "agent_silent"
    BACK = "back"
    BY_PERSON = "by_person"
    NOT_USEFUL = "not_useful"
    SNOOZE_OVER = "snooze_over"


class TriState(IntEnum):
    """Three answers; unknown never fires and never clears."""

    NO = 0
    YES = 1
    UNKNOWN = 2


class Verdict(NamedTuple):
    """One rule's answer. `level` and `rule`, the limit that made it, count only with YES."""

    holds: TriState
    reason: Reason
    severity: Severity = Severity.LOG
    since_ms: int | None = None  # since when it has held; None: not now, but not yet over either
    rule: str = ""  # dotted path, such as warmth.warn_c


RANK = {Severity.LOG: 1, Severity.WARNING: 2, Severity.URGENT: 3}


def no(reason: Reason) -> Verdict:
    """Return: it is not so."""
    return Verdict(TriState.NO, reason)


def unknown(reason: Reason) -> Verdict:
    """Return: it cannot be judged."""
    return Verdict(TriState.UNKNOWN, reason)


# The answers of a quiet minute, made once.
WARM = no(Reason.WARM_AGAIN)
MOVED = no(Reason.MOVED)
WELL = no(Reason.BACK)


def yes(severity: Severity, reason: Reason, since_ms: int | None, rule: str = "") -> Verdict:
    """Return: it has been so since `since_ms`; None: it only waits to be over."""
    return Verdict(TriState.YES, reason, severity, since_ms, rule)
