"""What a person says to the alerts that stand: seen, or quiet for a while."""

from legwatch.alarm import Alarm
from legwatch.bed import Bed
from legwatch.events import Ack, Kind, Snooze
from legwatch.notice import Figures, Held, Level, Notice, Reason, What

Answer = Ack | Snooze


def answer(bed: Bed, said: Answer, at_ms: int) -> tuple[Bed, tuple[Notice, ...]]:
    """Acknowledge what stands, or snooze one kind; a longer snooze replaces a shorter one."""
    notices = []
    for kind, alarm in zip(Kind, bed.alarms, strict=True):
        if said.kind is not None and kind is not said.kind:
            continue
        quiet = _snooze(alarm, said, at_ms) if type(said) is Snooze else _acknowledge(alarm)
        if quiet is None:
            continue
        bed = bed._replace(alarms=bed.alarms.put(kind, quiet))
        what = What.SNOOZED if type(said) is Snooze else What.ACKNOWLEDGED
        figures: Figures = ()
        if type(said) is Snooze:
            figures = (("for_min", ((quiet.snoozed_ms or at_ms) - at_ms) // 60_000),)
        level = alarm.level or Level.LOG
        notices.append(Notice(at_ms, kind, what, level, Reason.BY_PERSON, figures, Held.LOG_ONLY))
    return bed, tuple(notices)


def _snooze(alarm: Alarm, said: Snooze, at_ms: int) -> Alarm | None:
    until_ms = max(alarm.snoozed_ms or 0, said.until_ms)
    return alarm._replace(snoozed_ms=until_ms) if until_ms > at_ms else None


def _acknowledge(alarm: Alarm) -> Alarm | None:
    standing = alarm.level is not None and not alarm.acked
    return alarm._replace(acked=True) if standing else None
