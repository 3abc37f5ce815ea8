"""The truth file (version 2) beside a replay file: what really happened in that night."""

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

from legwatch.errors import RecordingError

VERSION = 2
SUFFIX = ".truth.json"


class TrueSpan(NamedTuple):
    """A time span in UTC ms; `to_ms` is excluded."""

    from_ms: int
    to_ms: int


class TrueUncovering(NamedTuple):
    """A time with uncovered legs or feet in bed; `side` is set for one leg only."""

    from_ms: int
    to_ms: int
    what: str  # both_legs, one_leg, feet, all
    side: str  # near the sensor, far from it, or empty
    fan_m_s: float


class TrueFault(NamedTuple):
    """A time in which a sensor was silent or its readings were wrong."""

    from_ms: int
    to_ms: int
    sensor: str  # leg, room, movement, agent
    what: str  # silent, zeros, stuck, slow, blind, displaced, lain_upon


class TrueSeries(NamedTuple):
    """Values at equal steps of time; each holds until the next."""

    begin_ms: int
    step_ms: int
    values: tuple[float, ...]

    def at(self, at_ms: int) -> float | None:
        """Return the value at `at_ms`; None outside the series."""
        place = (at_ms - self.begin_ms) // self.step_ms
        return self.values[place] if 0 <= place < len(self.values) else None


@dataclass(frozen=True, slots=True)
class NightTruth:
    """What really happened in one night. Times are UTC ms, temperatures degrees Celsius."""

    name: str
    file: str
    kind: str
    begin_ms: int
    end_ms: int
    zone: tzinfo  # UTC offset of the times in the file
    age: float
    movement: str  # the movement sensor: normal, deaf (misses turns) or nervous (false counts)
    in_bed: tuple[TrueSpan, ...]
    uncovered: tuple[TrueUncovering, ...]
    fan: tuple[TrueSpan, ...]
    room: TrueSeries
    leg_skin: TrueSeries  # of the colder leg
    foot_skin: TrueSeries  # of the colder foot
    turns: tuple[int, ...]
    faults: tuple[TrueFault, ...]
    run: str = ""  # nights that name the same run are not independent; empty: of its own

    def stay(self, at_ms: int) -> int | None:
        """Return the index in `in_bed` of the stay at `at_ms`; None out of bed."""
        place = bisect_right(self.in_bed, at_ms, key=lambda span: span.from_ms) - 1
        return place if place >= 0 and at_ms < self.in_bed[place].to_ms else None

    def skin(self) -> Iterator[tuple[int, bool, float, float]]:
        """Yield (UTC ms, in bed, colder leg, colder of leg and foot) for every step; skin in C."""
        begin_ms, step_ms, legs = self.leg_skin
        for place, leg_c in enumerate(legs):
            at_ms = begin_ms + place * step_ms
            foot_c = self.foot_skin.at(at_ms)
            yield (
                at_ms,
                self.stay(at_ms) is not None,
                leg_c,
                leg_c if foot_c is None else min(leg_c, foot_c),
            )


def read(path: Path) -> NightTruth | None:
    """Read a truth file; None if it has another version. Raises RecordingError."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"not JSON: {error}"
        raise RecordingError(f"{path}: {reason}") from None
    if not isinstance(body, dict) or body.get("v") != VERSION:
        return None
    try:
        return _truth(body, path.name.removesuffix(SUFFIX))
    except KeyError as error:
        raise RecordingError(f"{path}: the key {error.args[0]} is missing") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise RecordingError(f"{path} is not a truth file of version {VERSION}: {error}") from None


def _truth(body: Mapping[str, Any], name: str) -> NightTruth:
    zone = datetime.fromisoformat(body["begin"]).tzinfo
    if zone is None:
        raise ValueError("begin has no UTC offset")
    return NightTruth(
        name=str(body.get("name", name)),
        file=str(body["file"]),
        kind=str(body["kind"]),
        begin_ms=_ms(body["begin"]),
        end_ms=_ms(body["end"]),
        zone=zone,
        age=float(body["person"]["age"]),
        movement=str(body.get("movement", "normal")),
        in_bed=tuple(sorted(TrueSpan(_ms(a), _ms(b)) for a, b in body["in_bed"])),
        uncovered=tuple(sorted(map(_uncovered, body["uncovered"]))),
        fan=tuple(TrueSpan(_ms(s["from"]), _ms(s["to"])) for s in body.get("fan", ())),
        room=_series(body["room"], "room_c"),
        leg_skin=_series(body["skin"], "leg_c"),
        foot_skin=_series(body["skin"], "foot_c"),
        turns=tuple(sorted(map(_ms, body["turns"]))),
        faults=tuple(
            TrueFault(_ms(f["from"]), _ms(f["to"]), str(f["sensor"]), str(f["what"]))
            for f in body["faults"]
        ),
        run=str(body.get("run") or ""),
    )


def _uncovered(body: Mapping[str, Any]) -> TrueUncovering:
    return TrueUncovering(
        _ms(body["from"]),
        _ms(body["to"]),
        str(body["what"]),
        str(body.get("side") or ""),
        float(body.get("fan_m_s") or 0.0),
    )


def _series(body: Mapping[str, Any], key: str) -> TrueSeries:
    step_ms = round(float(body["step_s"]) * 1000)
    if step_ms <= 0:
        raise ValueError(f"step_s {body['step_s']} is not positive")
    return TrueSeries(_ms(body["begin"]), step_ms, tuple(map(float, body[key])))


def _ms(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no UTC offset")
    return round(moment.timestamp() * 1000)
