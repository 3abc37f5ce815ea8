"""The sensors of a lumped night: their kind, pace and errors, and what they read."""

import math
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from legwatch_lab.nights.lumped.bedroom import STEP_S
from legwatch_lab.nights.lumped.habits import Night
from legwatch_lab.nights.lumped.heat import Courses
from legwatch_lab.nights.lumped.motion import Move
from legwatch_lab.nights.spans import HOUR_S, MINUTE_S, Span, inside

MAT_S = 5 * MINUTE_S
SPURIOUS_PER_H = 6.0
GAP_S = (30, 150)
Reading = tuple[int, str, str]  # seconds from the begin, channel, value


class Thermometer(NamedTuple):
    """One thermometer: steps and noise in C, `stale_s` between fresh values, lag in seconds."""

    kind: str  # dht22 or ds18b20
    step_c: float
    noise_c: float
    offset_c: float
    lag_s: float
    stale_s: int
    lost: float  # share of reads that fail
    shift_s: int  # within the pace
    gaps: int  # times without any read, each of GAP_S


class Sensors(NamedTuple):
    """The sensors of one night; the movement sensor is normal, deaf or nervous."""

    pace_s: int
    leg: Thermometer
    room: Thermometer
    movement: str
    missed: float  # share of movements that it misses
    per_s: float  # counts in a second of movement
    seconds: bool  # also writes `moved_s` and `active_s`
    held_s: float  # how long the line stays active after a movement


def draw(rng: Random) -> Sensors:
    """Draw the sensors of a night."""
    pace_s = rng.choices((10, 30, 60), (5, 3, 2))[0]
    kind = rng.choices(("normal", "deaf", "nervous"), (8, 1, 1))[0]
    return Sensors(
        pace_s=pace_s,
        leg=thermometer(pace_s, rng),
        room=thermometer(pace_s, rng),
        movement=kind,
        missed=round(rng.uniform(0.3, 0.5), 2) if kind == "deaf" else 0.0,
        per_s=round(math.pow(20.0, rng.random()), 2),
        seconds=rng.random() < 0.4,
        held_s=round(rng.choice((0.2, 0.5, 2.0, 5.0)), 1),
    )


def thermometer(pace_s: int, rng: Random) -> Thermometer:
    """Draw a thermometer."""
    dht = rng.random() < 0.7
    return Thermometer(
        kind="dht22" if dht else "ds18b20",
        step_c=0.1 if dht else 0.0625,
        noise_c=round(rng.uniform(0.02, 0.08) if dht else rng.uniform(0.0, 0.04), 3),
        offset_c=round(max(-1.0, min(1.0, rng.gauss(0.0, 0.35))), 2),
        lag_s=round(30.0 * math.pow(18.0, rng.random())),  # 0.5-9 min
        stale_s=rng.choice((0, 0, 60, 120)) if dht else 0,
        lost=round(rng.random() ** 3 * 0.4, 3),
        shift_s=rng.randrange(0, max(1, pace_s - 4)),
        gaps=rng.choice((0, 0, 0, 2, 6)),
    )


def readings(
    night: Night, air: Courses, room: Sequence[float], moved: list[Move], mine: Sensors, rng: Random
) -> list[Reading]:
    """Return all readings in the order of time."""
    found = [
        *thermal(night, "leg", air.air, air.leak, mine.leg, mine.pace_s, rng),
        *thermal(night, "room", room, None, mine.room, mine.pace_s, rng),
        *_movement(night, moved, mine, rng),
        *_mat(night),
    ]
    return sorted(found)


def _damp(leak: float) -> float:
    """Return the vapour that the sleeper adds, in kPa: less where room air comes in."""
    return 1.4 / (1.0 + leak / 2.0)


def thermal(
    night: Night,
    name: str,
    course: Sequence[float],
    leak: Sequence[float] | None,
    mine: Thermometer,
    pace_s: int,
    rng: Random,
) -> Iterator[Reading]:
    """Yield the readings of one thermometer; `leak` None: no sleeper is near."""
    room_kpa = night.room.vapour * saturated_kpa(night.room.start_c)
    felt, kpa = course[0], room_kpa
    follow = 1 - math.exp(-STEP_S / mine.lag_s)
    kept, kept_s = ("", ""), -HOUR_S
    gaps = [_gap(night.length_s, rng) for _ in range(mine.gaps)]
    for step, celsius in enumerate(course):
        felt += follow * (celsius - felt)
        kpa += follow * (room_kpa + (0.0 if leak is None else _damp(leak[step])) - kpa)
        at_s = step * STEP_S + mine.shift_s
        if step * STEP_S % pace_s or at_s >= night.length_s:
            continue
        if at_s - kept_s >= mine.stale_s:
            shown = felt + mine.offset_c + rng.gauss(0.0, mine.noise_c)
            pct = 100 * kpa / saturated_kpa(felt) + rng.gauss(0.0, 0.4)
            kept = _stepped(shown, mine), f"{min(99.9, max(5.0, pct)):.1f}"
            kept_s = at_s
        if rng.random() < mine.lost or inside(gaps, at_s):
            continue
        yield at_s, f"{name}_temperature_c", kept[0]
        if mine.kind == "dht22":
            yield at_s, f"{name}_humidity_pct", kept[1]


def _gap(length_s: int, rng: Random) -> Span:
    at_s = rng.randrange(length_s)
    return Span(at_s, at_s + rng.randint(*GAP_S))


def _stepped(celsius: float, mine: Thermometer) -> str:
    value = round(celsius / mine.step_c) * mine.step_c
    return f"{value:.1f}" if mine.kind == "dht22" else f"{value:.4f}"


def _movement(night: Night, moved: list[Move], mine: Sensors, rng: Random) -> Iterator[Reading]:
    counts = [0] * (night.length_s + 1)
    for move in moved:
        if not _seen(night, move, mine, rng):
            continue
        seconds = range(move.at_s, min(night.length_s, move.at_s + move.length_s))
        drawn = [round(mine.per_s * rng.uniform(0.4, 1.6)) for _ in seconds]
        for second, count in zip(seconds, drawn, strict=True):
            counts[second] += count
        if seconds and not any(drawn):
            counts[seconds[0]] += 1
    if mine.movement == "nervous":
        for _ in range(round(SPURIOUS_PER_H * night.length_s / HOUR_S)):
            counts[rng.randrange(night.length_s)] += 1
    for end_s in range(mine.pace_s, night.length_s + 1, mine.pace_s):
        there = counts[end_s - mine.pace_s : end_s]
        at_s = end_s - 1
        yield at_s, "movement", str(sum(there))
        if mine.seconds:
            moved_s = sum(map(bool, there))
            yield at_s, "moved_s", f"{moved_s:.1f}"
            yield at_s, "active_s", f"{_active(there, mine):.1f}"


def _active(counts: Sequence[int], mine: Sensors) -> float:
    """Return the seconds in which the line was active: it stays so for `held_s` after a count."""
    until_s = active_s = 0.0
    for second, count in enumerate(counts):
        if count:
            end_s = min(len(counts), second + mine.held_s)
            active_s += max(0.0, end_s - max(until_s, second))
            until_s = max(until_s, end_s)
    return active_s


def _seen(night: Night, move: Move, mine: Sensors, rng: Random) -> bool:
    drawn = rng.random()
    if move.what == "partner":
        return night.partner is not None and drawn < night.partner.seen
    return move.what == "edge" or drawn >= mine.missed


def _mat(night: Night) -> Iterator[Reading]:
    edges = {edge for stay in night.stays for edge in stay if edge < night.length_s}
    for at_s in sorted({*range(0, night.length_s, MAT_S), *edges}):
        yield at_s, "in_bed", "1" if inside(night.stays, at_s) else "0"


def saturated_kpa(celsius: float) -> float:
    """Return the vapour pressure of saturated air (Magnus formula)."""
    return 0.6112 * math.exp(17.62 * celsius / (243.12 + celsius))
