"""Hand-made nights with their truth beside them: what is written in minutes becomes two files."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from legwatch.__main__ import main as legwatch
from legwatch.testing import uncovering as cooling
from legwatch.testing import wobbling

WARM = wobbling(31)
COLD = cooling((120, 240), uncovered_c=23.0)  # the alert comes 14 minutes after this begins
BEGIN = datetime.fromisoformat("2026-01-02T21:00:00+01:00")
# What a word of the report means must not hang on how a profile is tuned: with these the alert of
# COLD comes when the air has been cold for ten minutes.
PLAIN = tuple(
    f"--set={limit}"
    for limit in (
        "warmth.change_sure=1",
        "stillness.first_cycle_s=0",
        "health.alert_s=900",
        "warmth.early_s=0",
    )
)
Said = pytest.CaptureFixture[str]
Value = Callable[[int], float | None]


def turning(every_min: int) -> Value:
    """Return a movement at every so many minutes."""
    return lambda m: 1 if m % every_min == 0 else 0


every_20_min = turning(20)


def at(minute: float) -> str:
    """Return the time of a minute of the night."""
    return (BEGIN + timedelta(minutes=minute)).isoformat()


def bed(_minute: int) -> float | None:
    """Return a mat that somebody lies on all night."""
    return 1


def save(
    folder: Path,
    name: str = "night",
    *,
    kind: str = "made",
    minutes: int = 300,
    leg: Callable[[float], float | None] = WARM,
    room_c: float = 18.0,
    moves: Value = every_20_min,
    mat: Value = bed,
    in_bed: tuple[tuple[float, float], ...] = ((0, 300),),
    uncovered: tuple[dict[str, Any], ...] = (),
    skin: Callable[[int], float] = lambda _m: 33.0,
    foot: Callable[[int], float] = lambda _m: 33.0,
    turns: tuple[float, ...] = tuple(range(0, 300, 20)),
    faults: tuple[dict[str, Any], ...] = (),
    age: float = 70,
    movement: str = "normal",
    **other: Any,
) -> Path:
    """Write NAME.csv and NAME.truth.json; spans are (from, to) in minutes. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["time,channel,value"]
    for m in range(minutes):
        seen = {
            "leg_temperature_c": leg(m),
            "room_temperature_c": room_c,
            "movement": moves(m),
            "in_bed": mat(m),
        }
        lines += [f"{at(m)},{key},{value}" for key, value in seen.items() if value is not None]
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    every = {"begin": at(0), "step_s": 60}
    truth = {
        "v": 2,
        "file": f"{name}.csv",
        "name": name,
        "kind": kind,
        "begin": at(0),
        "end": at(minutes),
        "person": {"sex": "female", "age": age, "height_m": 1.62, "weight_kg": 60.0},
        "mat": True,
        "in_bed": [[at(a), at(b)] for a, b in in_bed],
        "uncovered": [_timed(span) for span in uncovered],
        "fan": [],
        "room": {**every, "room_c": [room_c] * minutes},
        "skin": {
            **every,
            "leg_c": [skin(m) for m in range(minutes)],
            "foot_c": [foot(m) for m in range(minutes)],
        },
        "turns": [at(m) for m in turns],
        "faults": [_timed(fault) for fault in faults],
        "movement": movement,
        **other,
    }
    (folder / f"{name}.truth.json").write_text(json.dumps(truth))
    return folder


def _timed(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "from": at(body["from"]), "to": at(body["to"])}


def bare(begin: float, end: float, what: str = "both_legs", side: str = "") -> dict[str, Any]:
    """Return an uncovering as the truth writes it."""
    return {"from": begin, "to": end, "what": what, "side": side, "fan_m_s": 0.0}


def fault(sensor: str, what: str, begin: int, end: int) -> dict[str, Any]:
    return {"sensor": sensor, "what": what, "from": begin, "to": end}


def scored(said: Said, folder: Path, *words: str) -> dict[str, Any]:
    assert legwatch(["score", str(folder), "--json", "-", *PLAIN, *words]) == 0
    return dict(json.loads(said.readouterr().out))


def figure(report: dict[str, Any], key: str, side: str = "legwatch") -> tuple[Any, Any]:
    found = report["measures"][key][side]
    return found["value"], found["of"]


def alerts(report: dict[str, Any], kind: str, side: str = "legwatch") -> list[dict[str, Any]]:
    return [a for row in report["rows"] for a in row[side]["alerts"] if a["kind"] == kind]
