"""What a person says to the alerts that stand: seen, or quiet for a while."""

from legwatch.alerting.alert import AlertState, AlertStates, silenced_until_ms
from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Figures, Reason, Severity
from legwatch.events import BODY_KINDS, Ack, AlertKind, Snooze

Response = Ack | Snooze


def respond(
    alarms: AlertStates, said: Response, at_ms: int
) -> tuple[AlertStates, tuple[Notice, ...]]:
    """Acknowledge what stands, or snooze; a longer snooze replaces a shorter one."""
    notices = []
    for kind, alarm in zip(AlertKind, alarms, strict=True):
        if said.kind is not None and kind is not said.kind:
            continue
        if isinstance(said, Snooze):
            quiet = _snooze(kind, alarm, said, at_ms)
        else:
            quiet = _acknowledge(alarm, said)
        if quiet is None:
            continue
        alarms = alarms.put(kind, quiet)
        what = TransitionKind.SNOOZED if isinstance(said, Snooze) else TransitionKind.ACKNOWLEDGED
        figures: Figures = ()
        if isinstance(said, Snooze):
            until_ms = silenced_until_ms(quiet, None)
            figures = (("for_min", (until_ms - at_ms) // 60_000),)
        level = alarm.severity or Severity.LOG
        useless = isinstance(said, Ack) and not said.useful
        reason = Reason.NOT_USEFUL if useless else Reason.BY_PERSON
        held, episode_ms = SuppressedBy.LOG_ONLY, alarm.episode_ms
        notices.append(Notice(at_ms, kind, what, level, reason, figures, held, episode_ms))
    return alarms, tuple(notices)


def _snooze(kind: AlertKind, alarm: AlertState, said: Snooze, at_ms: int) -> AlertState | None:
    if said.standing and not _had_fired_by(alarm, said.at_ms):
        return None
    over = alarm.severity is None or said.episode_ms != alarm.episode_ms
    if said.episode_ms is not None and over:
        return None
    if said.kind is None:
        until_ms = max(alarm.all_snoozed_until_ms or 0, said.until_ms)
        mutes = kind in BODY_KINDS and until_ms > at_ms
        return alarm._replace(all_snoozed_until_ms=until_ms) if mutes else None
    until_ms = max(alarm.snoozed_until_ms or 0, said.until_ms)
    if until_ms <= at_ms:
        return None
    longer = (
        alarm.snoozed_until_ms is None
        or alarm.snoozed_until_ms <= at_ms
        or alarm.snooze_ends_with_episode
    )
    ends = said.episode_ms is not None and longer
    return alarm._replace(snoozed_until_ms=until_ms, snooze_ends_with_episode=ends)


def _acknowledge(alarm: AlertState, said: Ack) -> AlertState | None:
    standing = alarm.severity is not None and not alarm.acknowledged
    if said.episode_ms is None:
        meant = _had_fired_by(alarm, said.at_ms)
    else:
        meant = said.episode_ms == alarm.episode_ms
    return alarm._replace(acknowledged=True) if standing and meant else None


def _had_fired_by(alarm: AlertState, at_ms: int) -> bool:
    """Say whether the alert stood already: nobody answers what they have not heard yet."""
    begun = [ms for ms in (alarm.episode_ms, alarm.fired_ms) if ms is not None]
    return alarm.severity is not None and (not begun or min(begun) <= at_ms)
