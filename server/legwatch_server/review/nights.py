"""Replay a bed's stored windows through the engine, and sum up each night."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.alerting.trial_nights import ENOUGH_MIN
from legwatch.conditions.verdict import Reason, Severity
from legwatch.engine import BedState, advance, start, view
from legwatch.events import BODY_KINDS, AlertKind, NoticeKind, Window
from legwatch.limits.rules import Rules
from legwatch.night import night_of

FEWEST_MIN = 30  # minutes in a settled bed below which `usual_c` is None


class TrialAlert(NamedTuple):
    """A body alert that would notify people under the replayed limits."""

    kind: NoticeKind
    reason: Reason
    rule: str  # the limit that fired, such as warmth.plain_c


@dataclass(slots=True)
class ReviewedNight:
    """One night, by the date of its evening."""

    date: date
    in_bed_min: int = 0
    still_min: int | None = None  # the longest time without a change of position
    alerts: list[TrialAlert] = field(default_factory=list)
    air_c: list[float] = field(default_factory=list)  # by the legs, each minute in a settled bed

    @property
    def counts(self) -> bool:
        """True if somebody was in bed for at least ENOUGH_MIN minutes."""
        return self.in_bed_min >= ENOUGH_MIN

    @property
    def usual_c(self) -> tuple[float, float] | None:
        """The 10th and 90th percentile of the air by the legs, °C; None with too few minutes."""
        if len(self.air_c) < FEWEST_MIN:
            return None
        from statistics import quantiles  # noqa: PLC0415 - slow to import

        tenths = quantiles(self.air_c, n=10, method="inclusive")
        return round(tenths[0], 1), round(tenths[-1], 1)

    def count(self, kind: AlertKind) -> int:
        """Return the number of alerts of a kind."""
        return sum(alert.kind is kind for alert in self.alerts)


def nights(windows: Iterable[Window], rules: Rules) -> list[ReviewedNight]:
    """Return the nights of these windows, replayed without answers and without trial nights."""
    found: dict[date, ReviewedNight] = {}
    counted: set[tuple[NoticeKind, int | None]] = set()
    state = start(trial_over=True)
    for window in windows:
        minutes = state.minutes
        state, notices = advance(state, window, rules)
        for notice in notices:
            if _sounds(notice) and (notice.kind, notice.episode_ms) not in counted:
                counted.add((notice.kind, notice.episode_ms))
                _night(found, notice.at_ms, rules).alerts.append(_alert(notice))
        if state.minutes != minutes:
            _add_minute(found, state, rules)
    return [found[day] for day in sorted(found)]


def _sounds(notice: Notice) -> bool:
    raised = notice.transition in (TransitionKind.FIRED, TransitionKind.ESCALATED)
    return raised and notice.kind in BODY_KINDS and notice.severity is not Severity.LOG


def _alert(notice: Notice) -> TrialAlert:
    path = notice.rule.path if notice.rule else ""
    return TrialAlert(notice.kind, notice.reason, path)


def _night(found: dict[date, ReviewedNight], at_ms: int, rules: Rules) -> ReviewedNight:
    day = night_of(at_ms, rules.zone)
    return found.setdefault(day, ReviewedNight(day))


def _add_minute(found: dict[date, ReviewedNight], state: BedState, rules: Rules) -> None:
    seen = view(state)
    if seen is None:
        return
    night = _night(found, seen.at_ms, rules)
    if not seen.in_bed:
        return
    night.in_bed_min += 1
    if seen.still_s is not None:
        night.still_min = max(night.still_min or 0, seen.still_s // 60)
    if seen.leg_c is not None and seen.settled:
        night.air_c.append(seen.leg_c)
