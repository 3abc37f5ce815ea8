"""Facts of a night: each is told once, and wants no answer. Only an empty bed makes a sound."""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions import damp, out, room
from legwatch.conditions.cover import NOTHING, Cover
from legwatch.conditions.damp import DampNight
from legwatch.conditions.out import OutNight
from legwatch.conditions.room import Evening
from legwatch.conditions.verdict import YES, Reason, Severity, Verdict
from legwatch.events import FactKind, Window
from legwatch.limits.rules import Rules, is_night
from legwatch.named_tuples import maker
from legwatch.night import hour_and_night
from legwatch.observation import Observation

UP_MIN = 30  # who is out of bed for so long in the morning has got up for the day
MORNING_H, LAST_H = 5, 11  # a note comes in these hours: at noon the next night begins


class NightFacts(NamedTuple):
    """What is known of the present night's facts."""

    damp: DampNight = DampNight()
    evening: Evening = Evening()
    out: OutNight = OutNight()


_make = maker(NightFacts)
_NONE: tuple[Notice, ...] = ()


def minute(
    was: NightFacts,
    windows: Sequence[Window],
    seen: Observation,
    rules: Rules,
    cover: Cover,
    *,
    displaced: bool,
) -> tuple[NightFacts, tuple[Notice, ...]]:
    """Take one minute in; return the facts that are told now."""
    night = damp.update(was.damp, windows, seen, rules, displaced=displaced)
    evening = room.update(was.evening, seen, rules)
    told = _NONE
    if night.damp_min and not night.told and _is_morning(night, seen.at_ms, rules):
        verdict = damp.judge(night, rules)
        if verdict.holds is YES:
            night, told = night._replace(told=True), (_note(FactKind.DAMP, verdict, seen.at_ms),)
    if evening.cold_min and not evening.over:
        verdict = room.judge(evening, seen, rules)
        if verdict.holds is YES:
            evening = evening._replace(over=True)
            told = (*told, _note(FactKind.ROOM, verdict, seen.at_ms))
    away, told_away = _away(was.out, seen, NOTHING if displaced else cover, rules)
    if night is was.damp and evening is was.evening and away is was.out:
        return was, told
    return _make((night, evening, away)), (*told, *told_away)


def _away(
    was: OutNight, seen: Observation, cover: Cover, rules: Rules
) -> tuple[OutNight, tuple[Notice, ...]]:
    """Take one minute in; return what is told now of a bed that was left in the night."""
    now = out.update(was, seen, cover, rules)
    if now is was:
        return was, _NONE
    if out.is_back(was, now, seen.at_ms, rules):
        return now, (_back(was, seen),)
    if now.out_min and not now.episode_ms:
        verdict = out.judge(now, rules)
        if verdict.holds is YES:
            at_ms = seen.at_ms
            return now._replace(episode_ms=at_ms), (_note(FactKind.OUT, verdict, at_ms),)
    return now, _NONE


def _back(was: OutNight, seen: Observation) -> Notice:
    """Return the end of an absence that was told."""
    return Notice(
        at_ms=seen.at_ms,
        kind=FactKind.OUT,
        transition=TransitionKind.RESOLVED,
        severity=Severity.LOG,
        reason=Reason.BACK,
        figures=out.figures(was._replace(by_mat=seen.occupancy.mat is True)),
        episode_ms=was.episode_ms,
    )


def _is_morning(night: DampNight, at_ms: int, rules: Rules) -> bool:
    """Return True when the night is over, or the sleeper has got up for the day."""
    hour, _ = hour_and_night(at_ms, rules.zone)
    if not MORNING_H <= hour <= LAST_H:
        return False
    return night.out_min >= UP_MIN or hour == LAST_H or not is_night(at_ms, rules)


def _note(kind: FactKind, verdict: Verdict, at_ms: int) -> Notice:
    """Return the notice of a fact; of a cold room no push is sent."""
    return Notice(
        at_ms=at_ms,
        kind=kind,
        transition=TransitionKind.REPORTED,
        severity=verdict.severity,
        reason=verdict.reason,
        figures=verdict.evidence,
        suppressed_by=SuppressedBy.LOG_ONLY if kind is FactKind.ROOM else None,
        episode_ms=at_ms,
        rule=verdict.rule,
    )
