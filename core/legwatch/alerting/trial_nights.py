"""The first nights of a new bed: alerts on the body are decided and stored, and nobody is told.

Some people's legs read cold while they are well covered, and some lie still for long; fixed limits
would nag them from the first night on. A night is noon to noon and counts when somebody was in bed
for long enough, so that a monitor which is not in use does not learn an empty bed.
"""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.events import ClockTrust, Window
from legwatch.limits.rules import Rules
from legwatch.night import night_of

ENOUGH_MIN = 180  # in bed for so long, and the night counts
MOST_NIGHTS = 21  # of the calendar: then the quiet ends, whatever was learned


class TrialNights(NamedTuple):
    """How far a bed has come; nights are ordinals of their date."""

    first: int = 0  # the first night with a live window; 0: none yet
    night: int = 0  # the one that goes on
    in_bed_min: int = 0  # minutes of it with somebody in bed
    nights: int = 0  # how many before it count
    live: bool = False  # the last windows were no recording's: that has no nights to learn
    done: bool = False


TRIAL_OVER = TrialNights(done=True)


def update(
    was: TrialNights, windows: Sequence[Window], at_ms: int, rules: Rules, *, in_bed: bool | None
) -> TrialNights:
    """Take one minute in; `at_ms` is its end."""
    if was.done:
        return was
    if windows and windows[-1].clock == ClockTrust.PLAYED:
        return was._replace(live=False) if was.live else was
    if not windows and not was.live:
        return was
    now = _on_night(was._replace(live=True), at_ms, rules)
    return now._replace(in_bed_min=now.in_bed_min + 1) if in_bed else now


def is_silent(now: TrialNights) -> bool:
    """Say whether alerts on the body are told nobody."""
    return now.live and not now.done


def is_over(now: TrialNights, rules: Rules) -> bool:
    """Say whether first nights were learned, and are over."""
    return now.done and now.nights > 0 and rules.alerts.learn_nights > 0


def night_number(now: TrialNights, at_ms: int, rules: Rules) -> int | None:
    """Return which of the nights to learn `at_ms` belongs to, 1 the first; None: not learning."""
    if not is_silent(now):
        return None
    now = _on_night(now, at_ms, rules)
    return None if now.done else now.nights + 1


def _on_night(was: TrialNights, at_ms: int, rules: Rules) -> TrialNights:
    """Count the night that is over, and see whether that was the last one."""
    night, nights, minutes = night_of(at_ms, rules.zone).toordinal(), was.nights, was.in_bed_min
    if night != was.night:
        nights, minutes = nights + (minutes >= ENOUGH_MIN), 0
    first = min(was.first or night, night)
    done = nights >= rules.alerts.learn_nights or night - first >= MOST_NIGHTS
    return TrialNights(first, night, minutes, nights, was.live, done)
