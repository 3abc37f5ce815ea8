"""The trial nights of a new bed: body alerts are judged, stored and shown, without a sound.

The air by the legs of some people reads cold while they are well covered, and some people lie still
for long: fixed limits would disturb them from the first night on. A night runs from noon to noon.
A night counts if somebody was in bed for ENOUGH_MIN, so that nights with an empty bed do not count.
"""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.alerting.alert import AlertStates
from legwatch.conditions.verdict import Figures
from legwatch.events import BODY_KINDS, PLAYED, AlertKind, Window
from legwatch.limits.rules import Rules
from legwatch.night import night_of

ENOUGH_MIN = 180  # a night counts if somebody was in bed for this long
MOST_NIGHTS = 21  # calendar nights after which the trial ends in any case


class TrialNights(NamedTuple):
    """Progress of a new bed's trial nights. A night is the ordinal of its date."""

    first: int = 0  # the first night with a live window; 0: none yet
    night: int = 0  # the present night
    in_bed_min: int = 0  # minutes of the present night with somebody in bed
    nights: int = 0  # number of earlier nights that count
    live: bool = False  # the last windows were live; a recording has no trial nights
    done: bool = False


URGENT_OF, NO_KIND = "urgent_of", "none"  # the figure, and its value where none sounds
TRIAL_BEGINS, TRIAL_OVER = TrialNights(), TrialNights(done=True)


def update(
    was: TrialNights, windows: Sequence[Window], at_ms: int, rules: Rules, *, in_bed: bool | None
) -> TrialNights:
    """Apply the minute that ended at `at_ms`."""
    if was.done:
        return was
    if windows and windows[-1].clock == PLAYED:
        return was._replace(live=False) if was.live else was
    if not windows and not was.live:
        return was
    # Who tries a sound with `learn_nights = 0`, and takes it back, has the trial nights again.
    now = _on_night(was._replace(live=rules.alerts.learn_nights > 0), at_ms, rules)
    return now._replace(in_bed_min=now.in_bed_min + 1) if in_bed else now


def is_silent(now: TrialNights) -> bool:
    """Return True in the trial nights: body alerts make no sound."""
    return now.live and not now.done


def urgent_sounds(kind: AlertKind, now: TrialNights, rules: Rules) -> bool:
    """Return True if an urgent alert of this kind sounds: of the body, none does in trial nights.

    The owner may want urgent cold to sound all the same.
    """
    wanted = kind is AlertKind.COLD and bool(rules.alerts.learn_urgent)
    return wanted or kind not in BODY_KINDS or not is_silent(now)


def urgent_of(now: TrialNights, rules: Rules) -> Figures:
    """Return the figure that says of which body alerts the urgent ones sound; empty: of all."""
    sound = [kind for kind in BODY_KINDS if urgent_sounds(kind, now, rules)]
    if len(sound) == len(BODY_KINDS):
        return ()
    return ((URGENT_OF, AlertKind.COLD if sound else NO_KIND),)


def restart_answer_time(alerts: AlertStates, at_ms: int) -> AlertStates:
    """Start the time for an answer at the end of the trial nights: nobody was woken before."""
    for kind in BODY_KINDS:
        alert = alerts.of(kind)
        if alert.severity is not None and not alert.notified:
            alerts = alerts.put(kind, alert._replace(fired_ms=at_ms))
    return alerts


def is_over(now: TrialNights, rules: Rules) -> bool:
    """Return True if the bed had trial nights and they are over."""
    return now.done and now.nights > 0 and rules.alerts.learn_nights > 0


def night_number(now: TrialNights, at_ms: int, rules: Rules, *, live: bool = False) -> int | None:
    """Return the number of the trial night at `at_ms`, the first is 1; None: no trial night.

    `live`: windows come from the sensors, also if no minute with one of them was judged yet.
    """
    if now.done or not (now.live or live) or not rules.alerts.learn_nights:
        return None
    now = _on_night(now, at_ms, rules)
    return None if now.done else now.nights + 1


def _on_night(was: TrialNights, at_ms: int, rules: Rules) -> TrialNights:
    """Go to the night of `at_ms`: count the night before, and end the trial after enough nights."""
    night, nights, minutes = night_of(at_ms, rules.zone).toordinal(), was.nights, was.in_bed_min
    if night != was.night:
        nights, minutes = nights + (minutes >= ENOUGH_MIN), 0
    first = min(was.first or night, night)
    done = nights >= max(1, rules.alerts.learn_nights) or night - first >= MOST_NIGHTS
    return TrialNights(
        first=first, night=night, in_bed_min=minutes, nights=nights, live=was.live, done=done
    )
