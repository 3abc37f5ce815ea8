"""The alerts of a bed that stand now, and who has answered each of them."""

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from legwatch.alerting.alert import AlertState, silenced_until_ms
from legwatch.alerting.notice import SuppressedBy, TransitionKind
from legwatch.alerting.trial_nights import is_silent
from legwatch.conditions.verdict import Severity
from legwatch.contract.action import BEDSIDE
from legwatch.engine import BedState
from legwatch.events import AlertKind
from legwatch.oncall.escalation import Purpose
from legwatch_server.answered_by import COMMAND_LINE, who_within
from legwatch_server.notify.rehearsal import is_stuck
from legwatch_server.store.delivery import GOT_THROUGH, NOT_THROUGH, error_of
from legwatch_server.store.reader import SqliteReader
from legwatch_server.store.records import NoticeRecord

Clock = Callable[[int], str]  # the bed's clock shows this at a time, UTC ms


class Standing(NamedTuple):
    """An alert that stands. `by`: whose answer counts now, as it is stored; empty: none is known.

    `answered_ms`: when that answer came, UTC ms. `learns`: how it is told of in the first nights of
    a bed; empty: as in any other. `unreached`: that no push of it has got through to anybody, and
    why; empty: one has, none was tried, or somebody has seen it.
    """

    kind: AlertKind
    alert: AlertState
    by: str = ""
    answered_ms: int = 0
    learns: str = ""
    unreached: str = ""

    def words(self, names: Collection[str], now_ms: int, clock: Clock) -> str:
        """Return since when the alert stands, and who has answered it until when.

        `names`: the people; an answer at the command line or by a link may be anybody's.
        """
        alert = self.alert
        since = f" since {clock(alert.episode_ms)}" if alert.episode_ms else ""
        lost = "; whether it still holds is not known" if alert.unknown_since_ms else ""
        if alert.warming_ms and not lost:
            lost = "; the legs become warm, and nobody more is told meanwhile"
        return f"({alert.severity}){since}: {_answer(self, names, now_ms, clock)}{lost}"


def standing(reader: SqliteReader, bed_id: int, state: BedState) -> tuple[Standing, ...]:
    """Return the alerts of a bed that stand, in the order of their kinds."""
    found = zip(AlertKind, state.bed.alerts, strict=True)
    return tuple(
        _answered(reader, bed_id, kind, alert, learning=is_silent(state.bed.trial))
        for kind, alert in found
        if alert.severity is not None
    )


def _answered(
    reader: SqliteReader, bed_id: int, kind: AlertKind, alert: AlertState, *, learning: bool
) -> Standing:
    what = TransitionKind.ACKNOWLEDGED if alert.acknowledged else TransitionKind.SNOOZED
    found = reader.episode(bed_id, kind, alert.episode_ms) if alert.episode_ms else None
    notices = found.notices if found else ()
    unreached = "" if alert.acknowledged else _unreached(notices)
    for record in reversed(notices):
        if record.notice.transition is what:
            by, at_ms = record.who or BEDSIDE, record.notice.at_ms
            return Standing(kind, alert, by, at_ms, unreached=unreached)
    learns = _quietly(notices) if learning else ""
    return Standing(kind, alert, learns=learns, unreached=unreached)


def _unreached(notices: Sequence[NoticeRecord]) -> str:
    """Return that no push has got through, and why; empty: one has, or none was tried for long.

    Where one was to make a sound, only such a one counts: a lamp that was lit wakes nobody.
    """
    steps = [step for record in notices for step in record.steps]
    loud = [step for step in steps if step.purpose == Purpose.LOUD]
    lit = bool(loud) and any(step.state in GOT_THROUGH for step in steps)
    counted = loud or steps
    failed = [step for step in counted if step.state in NOT_THROUGH]
    if any(step.state in GOT_THROUGH for step in counted) or not failed:
        return ""
    last = max(failed, key=lambda step: step.at_ms)
    if not is_stuck(last.state, len(failed)):
        return ""
    sound = " with a sound" if lit else ""
    return f"no push of it{sound} has reached anybody yet: {error_of(last.reason)}"


def _quietly(notices: Sequence[NoticeRecord]) -> str:
    """Return how an alert was told of that makes no sound since its bed learns; empty: it may."""
    learnt = [one for one in notices if one.notice.suppressed_by is SuppressedBy.TRIAL]
    if not learnt:
        return ""
    return f"told {'quietly' if any(one.steps for one in learnt) else 'nobody'}: learning"


def _answer(one: Standing, names: Collection[str], now_ms: int, clock: Clock) -> str:
    alert, who = one.alert, _who(one.by, names)
    if alert.acknowledged:
        at = f" at {clock(one.answered_ms)}" if one.answered_ms else ""
        urgent = alert.severity is Severity.URGENT
        then = "it makes no more sound" if urgent else "it sounds again only if it is urgent"
        return f"{who} has seen it{at}; {then}"
    until_ms = silenced_until_ms(alert, alert.severity)
    if until_ms > now_ms:
        return f"{who} asked for quiet until {clock(until_ms)}"
    if alert.severity is Severity.LOG:
        return "it is only written down"
    return "nobody has answered" if alert.notified else one.learns or "no sound yet"


def _who(by: str, names: Collection[str]) -> str:
    return who_within(by) if by in (BEDSIDE, COMMAND_LINE, *names) else "somebody"
