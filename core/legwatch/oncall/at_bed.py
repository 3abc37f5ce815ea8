"""What lamp and buzzer at the bed show of a notice: as the server lets them, for a sleeper."""

from enum import StrEnum

from legwatch.alerting.notice import MAY_SOUND, Notice, SuppressedBy, TransitionKind
from legwatch.events import AlertKind
from legwatch.oncall.escalation import is_over


class Shown(StrEnum):
    """What lamp and buzzer do."""

    LIT = "lit"  # the lamp
    HEARD = "heard"  # the lamp and the buzzer
    CALM = "calm"  # neither


def at_bed(notice: Notice) -> Shown | None:
    """Return what lamp and buzzer show of a notice; None: they stay as they are.

    Of what is only to be read, such as a report, they show nothing; but the lamp is lit for cold
    legs in the trial nights, too.
    """
    if notice.transition is TransitionKind.REPORTED:
        return None
    if is_over(notice) or notice.transition is TransitionKind.WARMING:
        return Shown.CALM
    by = notice.suppressed_by
    if notice.transition is TransitionKind.EXPECTED:
        return Shown.LIT if by is SuppressedBy.EARLY_SIGN else None
    if notice.transition not in MAY_SOUND:
        return None
    if by is None:
        return Shown.HEARD
    on_trial = by is SuppressedBy.TRIAL and notice.kind is AlertKind.COLD
    return Shown.LIT if by is SuppressedBy.HOLD or on_trial else None
