"""Mute sensors: those that are set up and give nothing, of what no alert tells.

A pressure mat, a radar, a gauge. Of thermometers and movement sensors the engine's alert tells, but
only of the one it was raised for: what fails beside it while it stands is told here.
"""

from collections.abc import Iterator

from legwatch.alerting.told_sensors import OF_MOVEMENT
from legwatch.conditions.verdict import Reason
from legwatch.contract import roles
from legwatch_server.beds.registry import BedRecord

LEG, ROOM, MOVEMENT = "leg", "room", "movement"
JUDGED = frozenset({LEG, ROOM, MOVEMENT})
_OF_THE_LEG = (
    Reason.STUCK,
    Reason.DISPLACED,
    Reason.LAIN_UPON,
    Reason.NOT_IN_BED,
    Reason.EXCHANGED,
)


def may_be_mute(bed: BedRecord) -> bool:
    """Return True if a bed has sensors that only this file looks after now."""
    info, alert = bed.bedside.info, bed.state.bed.alerts.sensor
    return alert.severity is not None or (info is not None and not info.places <= JUDGED)


def mute(bed: BedRecord, at_ms: int) -> Iterator[str]:
    """Yield the roles of a bed's mute sensors, while its windows come."""
    info, signals, health = bed.bedside.info, bed.state.bed.signals, bed.rules.health
    if not signals.back_ms or at_ms - signals.window_ms > health.stale_s * 1000:
        return
    yield from _beside_the_alert(bed, at_ms)
    if info is None or not bed.set_up_ms:  # not yet: what came before the start is not known here
        return
    places = info.places - JUDGED
    if bed.state.bed.alerts.sensor.reason is Reason.MAT_MISSING:
        places -= {"presence"}
    for role in roles.ROLES:
        if role.name in places:
            since_ms = max(_heard_ms(bed, role), signals.back_ms, bed.set_up_ms)
            if at_ms - since_ms >= health.alert_s * 1000:
                yield role.name


def _beside_the_alert(bed: BedRecord, at_ms: int) -> Iterator[str]:
    """Yield the judged sensors that are bad for as long as the alert's own, and are not it."""
    alert, signals = bed.state.bed.alerts.sensor, bed.state.bed.signals
    if alert.severity is None or alert.reason is Reason.NO_SENSOR:
        return
    good_ms = {
        name: one.good_ms
        for name, one in ((LEG, signals.leg), (ROOM, signals.room))
        if one.expected
    }
    if signals.movement.expected:
        good_ms[MOVEMENT] = signals.movement.heard_ms
    since_ms = {name: max(ms or 0, signals.back_ms) for name, ms in good_ms.items()}
    limit_ms = bed.rules.health.alert_s * 1000
    bad = {name: ms for name, ms in since_ms.items() if at_ms - ms >= limit_ms}
    told = _told(alert.reason, alert.since_ms, bad)
    yield from (name for name in bad if name != told)


def _told(reason: Reason | None, began_ms: int | None, bad: dict[str, int]) -> str:
    """Return the sensor that the alert was raised for."""
    if reason in OF_MOVEMENT:
        return MOVEMENT
    if reason in _OF_THE_LEG:
        return LEG
    thermometers = [name for name in (LEG, ROOM) if name in bad]
    # As the alert's text does: of two that are bad, the one that was bad when it began.
    thermometers.sort(key=lambda name: bad[name] != began_ms)
    return thermometers[0] if thermometers else ""


def _heard_ms(bed: BedRecord, role: roles.Role) -> int:
    """Return when a sensor last gave a value, UTC ms; 0: not since the server started."""
    if role.name == "presence":
        return bed.mat_ms
    return max((bed.others[f.name][1] for f in role.fields if f.name in bed.others), default=0)
