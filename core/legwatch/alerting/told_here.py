"""What a bedside has told its sleeper by itself, while the server was silent; the server's memory.

Of the same alert nobody is told twice: until the engine would say it again, the sleeper knows.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from legwatch.alerting.notice import MAY_SOUND, Notice, TransitionKind
from legwatch.conditions.verdict import RANK, Reason, Severity
from legwatch.contract.told_at_bed import AtBed, ToldAtBed
from legwatch.events import BODY_KINDS, AlertKind
from legwatch.limits.rules import Rules


class ToldHere(NamedTuple):
    """The last alert of one kind that a bedside has told; UTC ms, 0: it has not."""

    kind: AlertKind
    level: Severity
    episode_ms: int  # by the bedside
    lit_ms: int = 0
    heard_ms: int = 0
    answered_ms: int = 0
    over_ms: int = 0


class Known(NamedTuple):
    """What the sleeper knows of an alert by lamp and buzzer; UTC ms, 0: nothing.

    `before`: the sleeper has heard of it, if also less, or longer ago.
    """

    lit_ms: int = 0
    heard_ms: int = 0
    before: bool = False


NOTHING = Known()


def with_step(was: Iterable[ToldHere], told: ToldAtBed, at_ms: int) -> tuple[ToldHere, ...]:
    """Take in one step; `at_ms`: its time by the server."""
    others = tuple(one for one in was if one.kind is not told.kind)
    new = ToldHere(told.kind, Severity(told.level), told.episode_ms)
    same = (one for one in was if (one.kind, one.episode_ms) == (told.kind, told.episode_ms))
    before = next(same, new)
    level = max(before.level, new.level, key=RANK.__getitem__)
    return (*others, _STEPS[told.what](before._replace(level=level), at_ms))


def known(told: Iterable[ToldHere], notice: Notice, rules: Rules) -> Known:
    """Return what the sleeper knows of an alert that the engine tells now."""
    if notice.reason is Reason.HEARD_AT_BED:
        return Known(notice.at_ms, notice.at_ms)  # the sleeper has heard this itself
    if notice.transition not in MAY_SOUND and notice.transition is not TransitionKind.EXPECTED:
        return NOTHING
    return of_alert(told, notice.kind, notice.severity, notice.at_ms, rules)


def of_alert(
    told: Iterable[ToldHere], kind: object, severity: Severity, at_ms: int, rules: Rules
) -> Known:
    """Return what the sleeper knows of an alert that stands at `at_ms`.

    It is what was told within the time after which the engine itself would tell it once more.
    """
    one = _standing(told, kind)
    if one is None:
        return NOTHING
    before = bool(one.heard_ms)
    if RANK[severity] > RANK[one.level]:
        return Known(before=before)
    urgent = severity is Severity.URGENT
    again_s = rules.alerts.repeat_urgent_s if urgent else rules.alerts.budget_gap_s
    since_ms = at_ms - again_s * 1000
    lit_ms, heard_ms = (ms if ms > since_ms else 0 for ms in (one.lit_ms, one.heard_ms))
    return Known(max(lit_ms, heard_ms), heard_ms, before)


def heard_warning(told: Iterable[ToldHere], step: ToldAtBed) -> int:
    """Return when the warning of this step has sounded at the bed, UTC ms; 0: it has not."""
    return next(
        (
            one.heard_ms
            for one in told
            if (one.kind, one.episode_ms) == (step.kind, step.episode_ms)
            and one.level is Severity.WARNING
            and one.kind in BODY_KINDS
        ),
        0,
    )


def is_answered(told: Iterable[ToldHere], kind: AlertKind, at_ms: int, rules: Rules) -> bool:
    """Return True if somebody has lately answered, at the bed, the alert that fires now."""
    one = _standing(told, kind)
    gap_ms = rules.alerts.budget_gap_s * 1000
    return one is not None and bool(one.answered_ms) and at_ms - one.answered_ms < gap_ms


def _standing(told: Iterable[ToldHere], kind: object) -> ToldHere | None:
    return next((one for one in told if one.kind is kind and not one.over_ms), None)


_STEPS: Mapping[AtBed, Callable[[ToldHere, int], ToldHere]] = {
    AtBed.LAMP: lambda one, at_ms: one._replace(lit_ms=at_ms, over_ms=0),
    AtBed.BUZZER: lambda one, at_ms: one._replace(heard_ms=at_ms, over_ms=0),
    AtBed.ANSWERED: lambda one, at_ms: one._replace(answered_ms=at_ms),
    AtBed.OVER: lambda one, at_ms: one._replace(over_ms=at_ms),
}
