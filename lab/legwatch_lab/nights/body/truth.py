"""The content of a truth file (version 2): what really happened in a made night."""

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

from legwatch_lab.nights.body.bed_air import STEP_S, BedAir
from legwatch_lab.nights.body.movements import MovementTimes
from legwatch_lab.nights.body.scenario import Scenario, Uncovering
from legwatch_lab.nights.body.sensors import SensorErrors
from legwatch_lab.nights.body.skin import SkinTemperatures, fan_at
from legwatch_lab.nights.simple.truth import overlap
from legwatch_lab.nights.spans import MINUTE_S

VERSION = 2
WriteTruth = Callable[[int], str]


def truth(
    scenario: Scenario,
    skin: SkinTemperatures,
    air: BedAir,
    moved: MovementTimes,
    sensors: SensorErrors,
    begin: datetime,
    zone: tzinfo,
) -> dict[str, Any]:
    """Return the truth of a night as JSON; times are local ISO times, spans exclude their end.

    `begin` is UTC. The skin is that of the colder leg and the colder foot, also while the bed is
    empty. `fan` is the fan in the room; `fan_m_s` is the air over the uncovered part.
    """

    def iso(at_s: int) -> str:
        moment = begin + timedelta(seconds=at_s)
        return moment.astimezone(zone).isoformat(timespec="seconds")

    def series(**values: list[float]) -> dict[str, Any]:
        return {"begin": iso(0), "step_s": MINUTE_S, **values}

    each = MINUTE_S // STEP_S
    return {
        "begin": iso(0),
        "end": iso(scenario.length_s),
        "person": scenario.sleeper._asdict(),
        "bedding": scenario.bedding,
        "mat": True,
        "in_bed": [[iso(span.from_s), iso(span.to_s)] for span in scenario.in_bed],
        "uncovered": [entry for bare in scenario.bare for entry in _uncovered(scenario, bare, iso)],
        "fan": [
            {"from": iso(fan.span.from_s), "to": iso(fan.span.to_s), "m_s": fan.m_s}
            for fan in scenario.fan
        ],
        "room": series(room_c=[round(c, 2) for c in air.room_c[::each]]),
        "skin": series(
            leg_c=_colder(skin.near_leg, skin.far_leg),
            foot_c=_colder(skin.near_foot, skin.far_foot),
        ),
        "air": series(leg_c=[round(c, 2) for c in air.leg_c[::each]]),
        "turns": [iso(at_s) for at_s in moved.turns],
        "faults": [
            {
                "sensor": fault.sensor,
                "what": fault.what,
                "from": iso(fault.span.from_s),
                "to": iso(fault.span.to_s),
            }
            for fault in scenario.faults
        ],
        "sensor": {
            "lag_s": sensors.leg_lag_s,
            "leg_offset_c": sensors.leg_offset_c,
            "room_offset_c": sensors.room_offset_c,
            "lost": sensors.lost,
        },
        "movement": sensors.movement,
    }


def _uncovered(scenario: Scenario, bare: Uncovering, iso: WriteTruth) -> list[dict[str, Any]]:
    side = {"side": bare.side} if bare.what == "one_leg" else {}
    return [
        {
            "from": iso(span.from_s),
            "to": iso(span.to_s),
            "what": bare.what,
            **side,
            "fan_m_s": fan_at(scenario, (span.from_s + span.to_s) / 2),
        }
        for span in overlap(scenario.in_bed, bare.span)
    ]


def _colder(near: list[float], far: list[float]) -> list[float]:
    return [round(min(pair), 1) for pair in zip(near, far, strict=True)]
