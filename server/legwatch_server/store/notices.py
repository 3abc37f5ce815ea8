"""Notices to be stored, and notices read back from the database."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Reason, Rule, Severity
from legwatch.events import AlertKind


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice to be stored, with its bed. `who` gave the answer that caused the notice, if any."""

    bed_id: int
    bed: str
    notice: Notice
    row: tuple[object, ...]
    who: str | None = None
    played: bool = False  # from a recording: the recording's time decides who is on call


def notice_of(fields: Sequence[Any]) -> Notice:
    """Build a notice from the columns at_ms, kind, what, level, reason, held, line."""
    at_ms, kind, transition, severity, reason, suppressed_by, line = fields
    figures = json.loads(line)["figures"]
    rule = figures.pop("rule", None)
    return Notice(
        at_ms,
        AlertKind(kind),
        TransitionKind(transition),
        Severity(severity),
        Reason(reason),
        tuple(figures.items()),
        SuppressedBy(suppressed_by) if suppressed_by else None,
        rule=_rule(rule),
    )


def _rule(written: str | None) -> Rule | None:
    """Return the rule that a stored notice names, such as `warmth.warn_c = 27.5`."""
    if written is None:
        return None
    path, _, value = written.partition(" = ")
    return Rule(path, float(value))
