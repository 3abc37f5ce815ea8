"""The truth of a lumped night, as the content of a truth file of version 2."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from legwatch_lab.nights.lumped.bedroom import STEP_S
from legwatch_lab.nights.lumped.habits import Bare, Night
from legwatch_lab.nights.lumped.heat import Courses
from legwatch_lab.nights.lumped.sensors import Sensors
from legwatch_lab.nights.spans import MINUTE_S, Span

EACH = MINUTE_S // STEP_S


def truth(
    night: Night,
    air: Courses,
    room: Sequence[float],
    turns: list[int],
    sensors: Sensors,
    begin: datetime,
    zone: tzinfo,
) -> dict[str, Any]:
    """Return the truth as JSON; times are local ISO times, spans exclude their end."""

    def iso(at_s: int) -> str:
        moment = begin + timedelta(seconds=at_s)
        return moment.astimezone(zone).isoformat(timespec="seconds")

    def series(**courses: Sequence[float]) -> dict[str, Any]:
        kept = {name: [round(c, 2) for c in course[::EACH]] for name, course in courses.items()}
        return {"begin": iso(0), "step_s": MINUTE_S, **kept}

    def spans(found: Sequence[Span]) -> list[list[str]]:
        return [[iso(span.from_s), iso(span.to_s)] for span in found]

    return {
        "begin": iso(0),
        "end": iso(night.length_s),
        "person": {"age": night.sleeper.age, "cold_feet": night.sleeper.cold_feet},
        "cover_m2k_w": night.bed.cover,
        "mat": True,
        "in_bed": spans(night.stays),
        "uncovered": [part for bare in night.bare for part in _uncovered(night, bare, iso)],
        "fan": [
            {"from": iso(fan.span.from_s), "to": iso(fan.span.to_s), "m_s": fan.m_s}
            for fan in night.fan
        ],
        "window": spans(night.room.window),
        "partner": spans(night.partner.stays if night.partner else ()),
        "blanket": spans((night.blanket.span,) if night.blanket else ()),
        "bottle": night.bottle is not None,
        "heating": night.room.heating,
        "room": series(room_c=room),
        "skin": series(
            leg_c=list(map(min, air.near, air.far)),
            foot_c=air.foot,
        ),
        "air": series(leg_c=air.air),
        "turns": [iso(at_s) for at_s in turns],
        "faults": [],
        "place": night.place.name,
        "sensor": {
            "pace_s": sensors.pace_s,
            "leg": sensors.leg._asdict(),
            "room": sensors.room._asdict(),
            "counts_per_s": sensors.per_s,
            "seconds": sensors.seconds,
        },
        "movement": sensors.movement,
    }


def _uncovered(night: Night, bare: Bare, iso: Callable[[int], str]) -> list[dict[str, Any]]:
    found = []
    for stay in night.stays:
        from_s, to_s = max(stay.from_s, bare.span.from_s), min(stay.to_s, bare.span.to_s)
        if from_s >= to_s:
            continue
        entry = {"from": iso(from_s), "to": iso(to_s), "what": bare.what}
        side = {"side": bare.side} if bare.what == "one_leg" else {}
        middle_s = (from_s + to_s) / 2
        fans = (fan.m_s for fan in night.fan if fan.span.from_s <= middle_s < fan.span.to_s)
        found.append({**entry, **side, "fan_m_s": next(fans, 0.0)})
    return found
