"""The truth of a made night, version 2, as it lies beside the night's replay file."""

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
    """A time, half-open, UTC ms."""

    from_ms: int
    to_ms: int


class TrueUncovering(NamedTuple):
    """Legs or feet that lay bare in bed; `side` (of the sensor) is said for one leg only."""

    from_ms: int
    to_ms: int
    what: str  # both_legs, one_leg, feet, all
    side: str  # near, far, or empty
    fan_m_s: float


class TrueFault(NamedTuple):
    """A sensor that lied or was silent."""

    from_ms: int
    to_ms: int
    sensor: str  # leg, room, movement, agent
    what: str  # silent, zeros, stuck, slow, blind, displaced, lain_upon


class TrueSeries(NamedTuple):
    """Values at even steps; each holds until the next."""

    begin_ms: int
    step_ms: int
    values: tuple[float, ...]

    def at(self, at_ms: int) -> float | None:
        """Return the value that holds at a time, None outside."""
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
    zone: tzinfo  # the offset in which the night was written
    age: float
    movement: str  # normal, deaf, nervous: what the movement sensor is like
    in_bed: tuple[TrueSpan, ...]
    uncovered: tuple[TrueUncovering, ...]
    fan: tuple[TrueSpan, ...]
    room: TrueSeries
    leg_skin: TrueSeries  # of the colder leg
    foot_skin: TrueSeries  # of the colder foot
    turns: tuple[int, ...]
    faults: tuple[TrueFault, ...]

    def stay(self, at_ms: int) -> int | None:
        """Return which stay in bed a time belongs to, None out of bed."""
        place = bisect_right(self.in_bed, at_ms, key=lambda span: span.from_ms) - 1
        return place if place >= 0 and at_ms < self.in_bed[place].to_ms else None

    def skin(self) -> Iterator[tuple[int, bool, float, float]]:
        """Yield (at, in bed, colder leg, colder of leg and foot) for every step of the night."""
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
    """Read a truth file; None when it is of another version. Raises RecordingError."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else f"not JSON: {error}"
        raise RecordingError(f"{path}: {why}") from None
    if not isinstance(body, dict) or body.get("v") != VERSION:
        return None
    try:
        return _truth(body, path.name.removesuffix(SUFFIX))
    except KeyError as error:
        raise RecordingError(f"{path}: {error.args[0]} is missing") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise RecordingError(f"{path}: not a truth of version {VERSION}: {error}") from None


def _truth(body: Mapping[str, Any], name: str) -> NightTruth:
    zone = datetime.fromisoformat(body["begin"]).tzinfo
    if zone is None:
        raise ValueError("begin has no offset")
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
        raise ValueError(f"{text} has no offset")
    return round(moment.timestamp() * 1000)
