"""What people answer to an alert, by whatever way: link, app, command line or bedside button.

Every way ends in an `Action`, and `as_event` is the one place that makes the engine's event of it.
"""

from enum import StrEnum
from typing import NamedTuple

from legwatch.events import Ack, AlertKind, Snooze

LONGEST_SNOOZE_MIN = 240  # a longer silence would last most of a night
DEFAULT_SNOOZE_MIN = 30
OFFERED_SNOOZES_MIN = (15, 30, 60)  # on the page behind a push


class Action(StrEnum):
    """The answers that a person can give; signed links name them by their place in this list."""

    SEEN = "seen"
    SNOOZE = "quiet"
    NOT_USEFUL = "useless"
    AWAKE = "awake"  # the answer to "tap to confirm that you can be woken"
    PAGE = "page"  # no answer: the link only opens the page with the answers


# The bedside button sends these names; `cramp` is a note for the diary, and answers no alert.
OF_BUTTON = {"ack": Action.SEEN, "snooze": Action.SNOOZE, "not_useful": Action.NOT_USEFUL}
BEDSIDE = "bedside"  # stored as the person of an answer by the bedside button
BUTTONS = (*OF_BUTTON, "cramp")


class Answered(NamedTuple):
    """The alert that an answer is for: no `kind` means every kind of alert of the bed.

    `episode_ms` names one episode of the alert; None: whatever fires now.
    """

    at_ms: int
    kind: AlertKind | None = None
    episode_ms: int | None = None


def as_event(
    action: Action, minutes: int, to: Answered, *, standing: bool = True
) -> Ack | Snooze | None:
    """Return the engine's event of an answer; None: the engine does not need it.

    `minutes` is the length of a snooze, 0: the usual one. `standing`: the snooze is only for
    alerts that had fired by then.
    """
    if action is Action.SNOOZE:
        until_ms = to.at_ms + (minutes or DEFAULT_SNOOZE_MIN) * 60_000
        return Snooze(to.at_ms, to.kind, until_ms, standing, to.episode_ms)
    if action in (Action.SEEN, Action.NOT_USEFUL):
        return Ack(to.at_ms, to.kind, to.episode_ms, action is Action.SEEN)
    return None
