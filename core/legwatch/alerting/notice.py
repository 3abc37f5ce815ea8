"""Notices: the decisions of the engine, each with its reason and its figures."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from legwatch.conditions.verdict import Figures, Reason, Rule, Severity
from legwatch.events import AlertKind, NoticeKind


class TransitionKind(StrEnum):
    """The change of an alert that a notice reports."""

    EXPECTED = "expected"  # an early sign: the legs will be cold at the present rate
    FIRED = "fired"
    ESCALATED = "raised"
    RENOTIFIED = "repeated"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    WARMING = "warming"  # the legs become warm again; the alert is not over yet
    UNKNOWN = "unknown"  # the data to judge a body alert are missing
    RESOLVED = "resolved"
    REPORTED = "reported"  # a fact that people should know: no alert; no sound, unless asked for


class SuppressedBy(StrEnum):
    """Why a notice is stored, but not pushed to people as usual."""

    LOG_ONLY = "log_only"
    BUDGET = "budget"
    SILENCED = "snoozed"
    HOLD = "waiting"  # for a natural movement of the sleeper, before a sound
    EARLY_SIGN = "early"  # an early sign makes no sound: one in three is false
    INHIBITED = "joined"  # people are notified of cold legs now
    LOW_URGENCY = "quietly"  # the others watch on: shown without a sound until the next evening
    TRIAL = "learning"  # a body alert in the trial nights of a bed: shown without a sound


class Sounding(StrEnum):
    """Whether a notice makes a sound, and whether the alert has made a sound before."""

    NOT_YET = "not_yet"  # on hold: shown without a sound; a sound may follow
    FIRST = "first"  # the first sound of an alert: fired, raised or repeated
    AGAIN = "again"  # the alert has made a sound before
    NO = "no"  # suppressed, an early sign, an end or an answer


# Only these transitions may make a sound: they say that an alert is firing.
MAY_SOUND = frozenset({TransitionKind.FIRED, TransitionKind.ESCALATED, TransitionKind.RENOTIFIED})
# These say how an alert goes on: they end neither it nor its hold.
BETWEEN = frozenset({TransitionKind.UNKNOWN, TransitionKind.WARMING})


@dataclass(frozen=True, slots=True)
class Notice:
    """One decision of the engine on one alert. `suppressed_by` None: the notice is pushed.

    `episode_ms`: when the alert fired. Bed, kind and `episode_ms` identify the episode. `rule`: the
    limit that decided; None for an answer, an end, and what no single limit decides.
    """

    at_ms: int
    kind: NoticeKind
    transition: TransitionKind
    severity: Severity
    reason: Reason
    figures: Figures = ()
    suppressed_by: SuppressedBy | None = None
    episode_ms: int | None = None
    rule: Rule | None = None


def report(reason: Reason, at_ms: int, figures: Figures) -> Notice:
    """Return a fact that people should know: it makes no sound, and is an episode of its own."""
    return Notice(
        at_ms=at_ms,
        kind=AlertKind.AGENT,
        transition=TransitionKind.REPORTED,
        severity=Severity.LOG,
        reason=reason,
        figures=figures,
        episode_ms=at_ms,
    )


def as_json(
    notice: Notice, *, bed: str, text: str, sounds: Sounding | None = None, file: str | None = None
) -> str:
    """Write a notice as one JSON line, the same bytes live and in replay.

    `at` is UTC; figures keep their order. Replay adds `sounds`, which depends on the notices
    before, and `file` if there are several nights.
    """
    figures = dict(notice.figures)
    if notice.rule is not None:
        figures["rule"] = str(notice.rule)
    line: dict[str, Any] = {
        "at": iso(notice.at_ms),
        "bed": bed,
        "kind": notice.kind.value,
        "what": notice.transition.value,
        "level": notice.severity.value,
        "reason": notice.reason.value,
        "figures": figures,
        "text": text,
        "held": notice.suppressed_by.value if notice.suppressed_by else None,
    }
    if sounds is not None:
        line["sounds"] = sounds.value
    if file is not None:
        line["file"] = file
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def iso(at_ms: int) -> str:
    """Return UTC ms as `2026-01-03T02:10:00Z`; milliseconds only if they are not 0."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    spec = "milliseconds" if at_ms % 1000 else "seconds"
    return moment.isoformat(timespec=spec).replace("+00:00", "Z")
