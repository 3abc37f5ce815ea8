"""Mute sensors: those that are set up and give nothing, of what the engine does not judge.

A pressure mat, a radar, a gauge. Of thermometers and movement sensors the engine's alert tells.
"""

from collections.abc import Iterator

from legwatch.contract import roles
from legwatch_server.beds.registry import BedRecord

JUDGED = frozenset({"leg", "room", "movement"})


def may_be_mute(bed: BedRecord) -> bool:
    """Return True if a bed has sensors that only this file looks after."""
    info = bed.bedside.info
    return info is not None and not info.places <= JUDGED


def mute(bed: BedRecord, at_ms: int) -> Iterator[str]:
    """Yield the roles of a bed's mute sensors, while its windows come."""
    info, signals, health = bed.bedside.info, bed.state.bed.signals, bed.rules.health
    if info is None or not signals.back_ms or at_ms - signals.window_ms > health.stale_s * 1000:
        return
    places = info.places - JUDGED
    for role in roles.ROLES:
        if role.name in places:
            since_ms = max(_heard_ms(bed, role), signals.back_ms, bed.set_up_ms)
            if at_ms - since_ms >= health.alert_s * 1000:
                yield role.name


def _heard_ms(bed: BedRecord, role: roles.Role) -> int:
    """Return when a sensor last gave a value, UTC ms; 0: not since the server started."""
    if role.name == "presence":
        return bed.mat_ms
    return max((bed.others[f.name][1] for f in role.fields if f.name in bed.others), default=0)
