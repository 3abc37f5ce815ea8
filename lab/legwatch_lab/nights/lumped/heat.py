"""How heat flows through the bed of a lumped night: a network of heat capacities.

Nodes: the skin of the near and the far leg and of the feet, the air by the sensor, the air by the
feet, the cover, the top and the depth of the mattress, a hot-water bottle. Between them and the
room conduct films, cover, leaks at its edges, and the pumping of each movement. Every ten seconds
each node goes the exact exponential way to the mean of its neighbours, weighted by conductance,
which is stable for every step. Conductances are W/m2K; all of them are assumed.
"""

import math
from random import Random
from typing import NamedTuple

from legwatch_lab.nights.lumped.bedroom import STEP_S
from legwatch_lab.nights.lumped.habits import Night
from legwatch_lab.nights.lumped.motion import Move
from legwatch_lab.nights.lumped.openness import Openness, blown, openness
from legwatch_lab.nights.lumped.sleeper import Flow
from legwatch_lab.nights.spans import Span, inside

TRUNK_C, PARTNER_C = 33.5, 33.0
TO_AIR, TO_COVER, OUTSIDE = 5.0, 5.0, 8.0  # skin and cover to the air in the bed; cover to the room
BARE, CLOTHED = 6.5, 3.2  # skin to the room: in bed uncovered, and up or in a chair
FAN = 9.0  # more at 1 m/s, by the root of the speed
CLOSED = 0.02  # what the cover lets through of the openness while it lies
PUMP, PUMP_S = 14.0, 40.0
COLD_FOOT_C = 27.0  # of the skin, when somebody who has cold feet goes to bed
BLANKET_C = 37.0  # where its thermostat stops
FEET_J, FEET_SHELL = 800.0, 0.8  # air by the feet; their outer layer against the legs'


class Courses(NamedTuple):
    """True values, one every STEP_S, in C; `bare` is the uncovered share at the sensor, 0-1."""

    air: list[float]
    near: list[float]
    far: list[float]
    foot: list[float]
    bare: list[float]
    leak: list[float]  # W/m2K between sensor and room


def flow(
    night: Night, room: list[float], moved: list[Move], raised: list[Span], rng: Random
) -> Courses:
    """Compute the temperatures through the night; `room` has a value every STEP_S."""
    bed, found = _Bed(night, room[0], rng), Courses([], [], [], [], [], [])
    stirred = {move.at_s // STEP_S: move for move in moved if move.what != "twitch"}
    for step, room_c in enumerate(room):
        at_s = step * STEP_S
        if step in stirred:
            bed.stir(stirred[step])
        away = openness(night, at_s, raised)
        bed.step(at_s, room_c, away, blown(night, at_s))
        values = (bed.air, bed.near, bed.far, bed.foot, away.sensor, bed.leak)
        for course, value in zip(found, values, strict=True):
            course.append(round(value, 3))
    return found


class _Bed:
    """The temperatures of the nodes."""

    def __init__(self, night: Night, room_c: float, rng: Random) -> None:
        self._night, self._rng = night, rng
        self._flow = Flow(night.sleeper.vessels)
        self.air = self._feet = self._cover = self._top = self._deep = room_c
        self.near = self.far = 31.5
        self.foot = COLD_FOOT_C if night.sleeper.cold_feet else 30.0
        self._bottle_c = night.bottle.hot_c if night.bottle else room_c
        self._pump, self._snug, self.leak = 0.0, 1.0, 0.0
        self._gap = night.bed.gap

    def stir(self, move: Move) -> None:
        """Pump room air into the bed; a turn also moves the cover's edges and the sensor."""
        self._pump = min(3 * PUMP, self._pump + PUMP * self._rng.uniform(0.1, 1.0))
        if move.what in ("turn", "cover", "edge"):
            bed = self._night.bed
            self._gap = bed.gap * self._rng.lognormvariate(0.0, bed.gap_varies)
            self._snug = min(1.5, max(0.5, self._rng.lognormvariate(0.0, 0.2)))

    def step(self, at_s: int, room_c: float, away: Openness, fan_m_s: float) -> None:
        """Go on by STEP_S."""
        stays = self._night.stays
        self._pump *= math.exp(-STEP_S / PUMP_S)
        if inside(stays, at_s):
            self._lie(at_s, room_c, away, fan_m_s)
        else:
            before = not stays or at_s < stays[0].from_s
            self._dress(self._night.evening_c if before else room_c)
        self._warm_bed(at_s, room_c, away, fan_m_s, lying=inside(stays, at_s))

    def _lie(self, at_s: int, room_c: float, away: Openness, fan_m_s: float) -> None:
        who = self._night.sleeper
        asleep = any(s.from_s + who.doze_s <= at_s < s.to_s for s in self._night.stays)
        self._flow.step((self.near + self.far) / 2, asleep=asleep, step_s=STEP_S)
        out = BARE + FAN * math.sqrt(fan_m_s)
        air, blood = self.air, (self._flow.leg, who.blood_c)
        shell_j = who.shell_j
        self.near = _to(self.near, shell_j, blood, *_skin(away.near, air, room_c, out))
        self.far = _to(self.far, shell_j, blood, *_skin(away.far, air, room_c, out))
        warm = (self._flow.foot, who.blood_c)
        feet_j = shell_j * FEET_SHELL
        self.foot = _to(self.foot, feet_j, warm, *_skin(away.feet, self._feet, room_c, out))

    def _dress(self, room_c: float) -> None:
        """Let the legs be clothed in the room."""
        who = self._night.sleeper
        self._flow.step((self.near + self.far) / 2, asleep=False, step_s=STEP_S)
        blood = (self._flow.leg, who.blood_c)
        self.near = self.far = _to(self.near, who.shell_j, blood, (CLOTHED, room_c))
        warm = (self._flow.foot, who.blood_c)
        self.foot = _to(self.foot, who.shell_j * FEET_SHELL, warm, (CLOTHED * 1.4, room_c))

    def _warm_bed(
        self, at_s: int, room_c: float, away: Openness, fan_m_s: float, *, lying: bool
    ) -> None:
        night, bed, place = self._night, self._night.bed, self._night.place
        more, bottle = self._sources(at_s)
        windy = 1.0 + 1.2 * math.sqrt(fan_m_s)
        through = CLOSED + (1 - CLOSED) * away.sensor
        self.leak = self._gap + self._pump + place.open * windy * through
        skin = place.near * self.near + place.far * self.far + place.foot * self.foot
        touch = place.skin * self._snug * (1 - 0.35 * away.sensor) if lying else 0.0
        near_room = (self.leak, room_c)
        half = bed.cover / 2
        inner = 1 / (half + 1 / TO_COVER)
        cover = (inner * (1 - away.sensor), self._cover)
        trunk = (place.trunk * (1 - 0.7 * away.sensor) if lying else 0.0, TRUNK_C)
        others = (*more, (bottle[1], self._bottle_c), (bed.top, self._top))
        self.air = _to(self.air, bed.air_j, (touch, skin), near_room, cover, trunk, *others)
        feet_leak = (self._gap + self._pump + 10.0 * windy * away.feet, room_c)
        feet_skin = (TO_AIR if lying else 0.0, self.foot)
        feet_cover = (inner * (1 - away.feet), self._cover)
        hot = (bottle[0], self._bottle_c)
        self._feet = _to(self._feet, FEET_J, feet_skin, feet_leak, feet_cover, hot, (2, self._top))
        out = 1 / (half + 1 / (OUTSIDE * windy))
        below = (inner * (1 - 0.9 * away.sensor), self.air)
        self._cover = _to(self._cover, bed.cover_j, below, (out, room_c))
        heated = self._heated(at_s)
        weight = (bed.top + (4.0 if lying else 0.0)) or 1.0
        upon = (self.air * bed.top + skin * (weight - bed.top)) / weight + heated / (weight + 2)
        self._top = _to(self._top, bed.top_j, (weight, upon), (bed.deep, self._deep))
        self._deep = _to(self._deep, bed.deep_j, (bed.deep, self._top), (bed.floor, room_c))
        if night.bottle and at_s >= night.bottle.at_s:
            feet = (bottle[0] + 0.3, self._feet)
            self._bottle_c = _to(self._bottle_c, night.bottle.heat_j, feet, (bottle[1], self.air))

    def _sources(self, at_s: int) -> tuple[list[tuple[float, float]], tuple[float, float]]:
        """Return the partner's warmth, and the bottle's conductances to feet and sensor."""
        night = self._night
        partner = night.partner
        there = partner is not None and inside(partner.stays, at_s)
        more = [(partner.w_k, PARTNER_C)] if partner is not None and there else []
        if night.bottle is None or at_s < night.bottle.at_s:
            return more, (0.0, 0.0)
        return more, (night.bottle.feet, night.bottle.sensor)

    def _heated(self, at_s: int) -> float:
        blanket = self._night.blanket
        on = blanket is not None and inside([blanket.span], at_s) and self._top < BLANKET_C
        return blanket.w_m2 if blanket and on else 0.0


def _skin(
    away: float, air_c: float, room_c: float, out: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    return (TO_AIR * (1 - away), air_c), (out * away, room_c)


def _to(now_c: float, heat_j: float, *neighbours: tuple[float, float]) -> float:
    """Return a node after STEP_S; `neighbours` are (conductance, temperature)."""
    total = sum(conducts for conducts, _ in neighbours)
    if total <= 0:
        return now_c
    goal_c = sum(conducts * celsius for conducts, celsius in neighbours) / total
    return goal_c + (now_c - goal_c) * math.exp(-total * STEP_S / heat_j)
