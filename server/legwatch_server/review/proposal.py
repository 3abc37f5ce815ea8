"""Propose limits that fit a week of nights; whoever cares for the sleeper writes them down.

Stillness: the 95th percentile of the nightly longest gaps plus 15 minutes. The proposal is at least
2 h, the lowest limit that can be defended, and at most 4 h, the limit for people at high risk
(NICE QS89).

Cold: for somebody whose legs read cold under a cover, the limits for long cold cause the alerts,
not the limits for falling temperature. The proposal lowers only the two limits for long cold, and
keeps both above the urgent limit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import NamedTuple

from legwatch.conditions.verdict import Reason
from legwatch.events import AlertKind
from legwatch.limits.rules import Rules
from legwatch_server.review.nights import ReviewedNight, TrialAlert

WEEK = 7  # nights; with fewer there is no proposal
LEAST_MIN, MOST_MIN, MORE_MIN = 120, 240, 15
STEP_C = 0.5
ALLOWED = 1  # slow cold alerts in a week that need no lower limit
PLAIN, COLD_START = "warmth.plain_c", "warmth.cold_start_c"
_SLOW = (Reason.COOLED, Reason.COLD_START)
_MADE_BY = {PLAIN: "warmth.plain_c", COLD_START: "warmth.cold_start_s"}


class ColdProposal(NamedTuple):
    """Lower cold limits, with the number of slow cold alerts before and after."""

    limits: dict[str, float]  # only the limits to change
    before: int
    after: int
    allowed: int

    @property
    def fits(self) -> bool:
        """True if the present limits cause no more alerts than allowed."""
        return self.before <= self.allowed

    @property
    def settled(self) -> bool:
        """True if the lower limits cause no more alerts than allowed."""
        return self.after <= self.allowed


def still_limit_min(gaps_min: Sequence[int]) -> int:
    """Return the warning limit, min, for the longest gap of each night; at least two nights."""
    if len(gaps_min) < 2:
        raise ValueError("at least two nights are needed")
    from statistics import quantiles  # noqa: PLC0415 - slow to import

    most = quantiles(gaps_min, n=20, method="inclusive")[-1]
    return min(MOST_MIN, max(LEAST_MIN, ceil(most + MORE_MIN)))


def calmer(
    nights_by: Callable[[Rules], Sequence[ReviewedNight]],
    rules: Rules,
    lowest_c: Mapping[str, float],
) -> ColdProposal:
    """Lower the limits that cause slow cold alerts until a week has at most ALLOWED of them.

    `nights_by` replays the nights; `lowest_c` is the lower end of each limit's range. If no limit
    helps, the proposal is empty, and `after` counts the alerts left under the last limits tried.
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
    """Return a copy of the rules with other limits; keys are dotted paths."""
    for path, value in changed.items():
        group, _, key = path.partition(".")
        rules = replace(rules, **{group: getattr(rules, group)._replace(**{key: value})})
    return rules


def _slow(nights: Sequence[ReviewedNight]) -> list[TrialAlert]:
    """Return the alerts for slow cooling or a cold start: some people always have these."""
    alerts = (alert for night in nights for alert in night.alerts)
    return [alert for alert in alerts if alert.kind is AlertKind.COLD and alert.reason in _SLOW]


def _to_lower(slow: Sequence[TrialAlert], open_: Mapping[str, float]) -> str | None:
    """Return the limit in `open_` that caused most alerts; None if none caused any."""
    made = {key: sum(alert.rule == _MADE_BY[key] for alert in slow) for key in open_}
    key = max(made, key=lambda k: made[k], default=None)
    return key if key is not None and made[key] else None
