"""Notices on their way into the database, and back out of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Reason, Severity
from legwatch.events import AlertKind


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice with its bed, on its way into the store. `who` gave the answer, if it is one."""

    bed_id: int
    bed: str
    notice: Notice
    row: tuple[object, ...]
    who: str | None = None
    played: bool = False  # a recording: its own time says who is on duty


def notice_of(fields: Sequence[Any]) -> Notice:
    """Return the notice of a stored row: at_ms, kind, what, level, reason, held, line."""
    at_ms, kind, transition, severity, reason, suppressed_by, line = fields
    figures = tuple(json.loads(line)["figures"].items())
    return Notice(
        at_ms,
        AlertKind(kind),
        TransitionKind(transition),
        Severity(severity),
        Reason(reason),
        figures,
        SuppressedBy(suppressed_by) if suppressed_by else None,
    )
