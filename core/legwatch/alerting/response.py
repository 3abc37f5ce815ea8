"""What a person says to the alerts that stand: seen, or quiet for a while."""

from legwatch.alerting.alert import Alarm, Alarms, quiet_until
from legwatch.alerting.notice import Held, Notice, What
from legwatch.conditions.verdict import Figures, Level, Reason
from legwatch.events import BODY, Ack, Kind, Snooze

Answer = Ack | Snooze


def answer(alarms: Alarms, said: Answer, at_ms: int) -> tuple[Alarms, tuple[Notice, ...]]:
    """Acknowledge what stands, or snooze; a longer snooze replaces a shorter one."""
    notices = []
    for kind, alarm in zip(Kind, alarms, strict=True):
        if said.kind is not None and kind is not said.kind:
            continue
        if isinstance(said, Snooze):
            quiet = _snooze(kind, alarm, said, at_ms)
        else:
            quiet = _acknowledge(alarm, said)
        if quiet is None:
            continue
        alarms = alarms.put(kind, quiet)
        what = What.SNOOZED if isinstance(said, Snooze) else What.ACKNOWLEDGED
        figures: Figures = ()
        if isinstance(said, Snooze):
            until_ms = quiet_until(quiet, None)
            figures = (("for_min", (until_ms - at_ms) // 60_000),)
        level = alarm.level or Level.LOG
        useless = isinstance(said, Ack) and not said.useful
        reason = Reason.NOT_USEFUL if useless else Reason.BY_PERSON
        held, episode_ms = Held.LOG_ONLY, alarm.episode_ms
        notices.append(Notice(at_ms, kind, what, level, reason, figures, held, episode_ms))
    return alarms, tuple(notices)


def _snooze(kind: Kind, alarm: Alarm, said: Snooze, at_ms: int) -> Alarm | None:
    if said.standing and not _begun(alarm, said.at_ms):
        return None
    over = alarm.level is None or said.episode_ms != alarm.episode_ms
    if said.episode_ms is not None and over:
        return None
    if said.kind is None:
        until_ms = max(alarm.hushed_ms or 0, said.until_ms)
        mutes = kind in BODY and until_ms > at_ms
        return alarm._replace(hushed_ms=until_ms) if mutes else None
    until_ms = max(alarm.snoozed_ms or 0, said.until_ms)
    if until_ms <= at_ms:
        return None
    longer = alarm.snoozed_ms is None or alarm.snoozed_ms <= at_ms or alarm.snooze_ends
    ends = said.episode_ms is not None and longer
    return alarm._replace(snoozed_ms=until_ms, snooze_ends=ends)


def _acknowledge(alarm: Alarm, said: Ack) -> Alarm | None:
    standing = alarm.level is not None and not alarm.acked
    if said.episode_ms is None:
        meant = _begun(alarm, said.at_ms)
    else:
        meant = said.episode_ms == alarm.episode_ms
    return alarm._replace(acked=True) if standing and meant else None


def _begun(alarm: Alarm, at_ms: int) -> bool:
    """Say whether the alert stood already: nobody answers what they have not heard yet."""
    begun = [ms for ms in (alarm.episode_ms, alarm.fired_ms) if ms is not None]
    return alarm.level is not None and (not begun or min(begun) <= at_ms)
