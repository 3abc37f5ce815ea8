"""A decision of the engine, with its reason and the figures it rests on."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from legwatch.conditions.verdict import Figures, Reason, Severity
from legwatch.events import AlertKind


class TransitionKind(StrEnum):
    """What happened to an alert."""

    EXPECTED = "expected"  # an early sign: it will be cold if it goes on like this
    FIRED = "fired"
    ESCALATED = "raised"
    RENOTIFIED = "repeated"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    UNKNOWN = "unknown"  # the body alert can no longer be judged
    RESOLVED = "resolved"


class SuppressedBy(StrEnum):
    """Why a notice is written down but pushed to nobody."""

    LOG_ONLY = "log_only"
    BUDGET = "budget"
    SILENCED = "snoozed"
    HOLD = "waiting"  # for a natural movement, before it makes a sound
    EARLY_SIGN = (
        "early"  # an early sign is on the page and in the record: one in three comes to nothing
    )
    INHIBITED = "joined"  # said together with another alert of the same minute
    TRIAL = "learning"  # in the first nights of a bed it only would have been told


class Sounding(StrEnum):
    """How a notice sounds, by the notices before it: first sign, first sound or repetition."""

    NOT_YET = "not_yet"  # the first sign of a warning: shown without a sound, which may follow
    FIRST = "first"  # the first sound of an alert, whatever the word: fired, raised or repeated
    AGAIN = "again"  # the alert has made a sound before
    NO = "no"  # told to nobody, told with another alert, or an end or answer: never with a sound


# What says that an alert stands: of all words, these may make a sound.
MAY_SOUND = frozenset({TransitionKind.FIRED, TransitionKind.ESCALATED, TransitionKind.RENOTIFIED})


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of the night. `held` None: it is pushed to people.

    `episode_ms`: when the alert fired; with bed and kind it names the episode.
    """

    at_ms: int
    kind: AlertKind
    transition: TransitionKind
    severity: Severity
    reason: Reason
    figures: Figures = ()
    suppressed_by: SuppressedBy | None = None
    episode_ms: int | None = None


def as_json(
    notice: Notice, *, bed: str, text: str, sounds: Sounding | None = None, file: str | None = None
) -> str:
    """Write a notice as one JSON line, the same bytes live and in replay.

    `at` is UTC; figures keep their order. Replay adds to it: `sounds`, which no notice knows by
    itself, and `file` when there are several nights.
    """
    line: dict[str, Any] = {
        "at": iso(notice.at_ms),
        "bed": bed,
        "kind": notice.kind.value,
        "what": notice.transition.value,
        "level": notice.severity.value,
        "reason": notice.reason.value,
        "figures": dict(notice.figures),
        "text": text,
        "held": notice.suppressed_by.value if notice.suppressed_by else None,
    }
    if sounds is not None:
        line["sounds"] = sounds.value
    if file is not None:
        line["file"] = file
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def iso(at_ms: int) -> str:
    """Return UTC ms as `2026-01-03T02:10:00Z`; milliseconds only where there are any."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    spec = "milliseconds" if at_ms % 1000 else "seconds"
    return moment.isoformat(timespec=spec).replace("+00:00", "Z")
