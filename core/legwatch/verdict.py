"""What a rule says of one minute: yes at some level, no, or unknown; and why."""

from enum import IntEnum
from typing import NamedTuple

from legwatch.notice import Level, Reason


class Truth(IntEnum):
    """Three answers; unknown never fires and never clears."""

    NO = 0
    YES = 1
    UNKNOWN = 2


class Verdict(NamedTuple):
    """One rule's answer. `level` counts only with YES."""

    truth: Truth
    reason: Reason
    level: Level = Level.LOG
    since_ms: int | None = None  # since when it has held; None: not now, but not yet over either


RANK = {Level.LOG: 1, Level.WARNING: 2, Level.URGENT: 3}


_NO = {reason: Verdict(Truth.NO, reason) for reason in Reason}
_UNKNOWN = {reason: Verdict(Truth.UNKNOWN, reason) for reason in Reason}


def no(reason: Reason) -> Verdict:
    """Return: it is not so."""
    return _NO[reason]


def unknown(reason: Reason) -> Verdict:
    """Return: it cannot be judged."""
    return _UNKNOWN[reason]


def yes(level: Level, reason: Reason, since_ms: int | None) -> Verdict:
    """Return: it has been so since `since_ms`; None: it only waits to be over."""
    return Verdict(Truth.YES, reason, level, since_ms)
