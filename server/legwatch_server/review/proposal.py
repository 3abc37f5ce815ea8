"""Limits that fit what a week of nights has shown; whoever cares for the sleeper takes them over.

Stillness: the 95th percentile of the nightly longest gaps and a quarter of an hour, never under the
lowest limit that can be defended, 2 h, nor over that for people at high risk, 4 h (NICE QS89).

Cold: somebody whose legs read cold under a cover is warned by what is cold for long, not by what
falls. Only those two limits are lowered, and never down to the urgent one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import ceil
from statistics import quantiles
from typing import NamedTuple

from legwatch.conditions.verdict import Reason
from legwatch.events import AlertKind
from legwatch.limits.rules import Rules
from legwatch_server.review.nights import ReviewedNight, TrialAlert

WEEK = 7  # nights below which nothing is said
LEAST_MIN, MOST_MIN, MORE_MIN = 120, 240, 15
STEP_C = 0.5
ALLOWED = 1  # such alerts in a week are no nuisance
PLAIN, COLD_START = "warmth.plain_c", "warmth.cold_start_c"
_SLOW = (Reason.COOLED, Reason.COLD_START)
_MADE_BY = {PLAIN: "warmth.plain_c", COLD_START: "warmth.cold_start_s"}


class ColdProposal(NamedTuple):
    """What lower limits make of the slow cold alerts: how many there were and would be."""

    limits: dict[str, float]  # those that change
    before: int
    after: int
    allowed: int

    @property
    def fits(self) -> bool:
        """Say whether the present limits are good."""
        return self.before <= self.allowed

    @property
    def settled(self) -> bool:
        """Say whether the lower limits make it good."""
        return self.after <= self.allowed


def still_limit_min(gaps_min: Sequence[int]) -> int:
    """Return the warning limit for these nightly longest gaps; raises ValueError for under two."""
    if len(gaps_min) < 2:
        raise ValueError("one night says nothing of the next")
    most = quantiles(gaps_min, n=20, method="inclusive")[-1]
    return min(MOST_MIN, max(LEAST_MIN, ceil(most + MORE_MIN)))


def calmer(
    nights_by: Callable[[Rules], Sequence[ReviewedNight]],
    rules: Rules,
    lowest_c: Mapping[str, float],
) -> ColdProposal:
    """Lower what makes the slow cold alerts until a week has at the most one.

    `nights_by` replays the nights; `lowest_c` is the lower end of the range of each limit. Where no
    limit helps, none is proposed, and `after` is what the last one tried left.
    """
    nights = nights_by(rules)
    slow = _slow(nights)
    before, weeks = len(slow), sum(night.counts for night in nights) // WEEK
    allowed = ALLOWED * max(1, weeks)
    now = {PLAIN: rules.warmth.plain_c, COLD_START: rules.warmth.cold_start_c}
    floor = {key: max(lowest_c[key], rules.warmth.urgent_c + STEP_C) for key in now}
    changed: dict[str, float] = {}
    while len(slow) > allowed:
        key = _to_lower(slow, {k: c for k, c in now.items() if c - STEP_C >= floor[k]})
        if key is None:
            return ColdProposal({}, before, len(slow), allowed)
        now[key] = changed[key] = now[key] - STEP_C
        slow = _slow(nights_by(with_limits(rules, changed)))
    return ColdProposal(changed, before, len(slow), allowed)


def with_limits(rules: Rules, changed: Mapping[str, float]) -> Rules:
    """Return the rules with other limits, by dotted path."""
    for path, value in changed.items():
        group, _, key = path.partition(".")
        rules = replace(rules, **{group: replace(getattr(rules, group), **{key: value})})
    return rules


def _slow(nights: Sequence[ReviewedNight]) -> list[TrialAlert]:
    """Return the alerts of a bed that cooled slowly or never warmed: the usual of some legs."""
    alerts = (alert for night in nights for alert in night.alerts)
    return [alert for alert in alerts if alert.kind is AlertKind.COLD and alert.reason in _SLOW]


def _to_lower(slow: Sequence[TrialAlert], open_: Mapping[str, float]) -> str | None:
    """Return the limit that has made most of them and can still go down."""
    made = {key: sum(alert.rule == _MADE_BY[key] for alert in slow) for key in open_}
    key = max(made, key=lambda k: made[k], default=None)
    return key if key is not None and made[key] else None
