"""The content of a truth file (version 1): what really happened in a made night."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from legwatch_lab.nights.simple.air import STEP_S, Climate
from legwatch_lab.nights.spans import HOUR_S, MINUTE_S, NightPlan, Span, inside

COLD_C, WARM_C = 27.0, 28.0  # true air by the legs: cold begins below 27 C and ends at 28 C
WARM_ROOM_C = 26.0  # legs do not grow cold in a room this warm
SHORT_S = 20 * MINUTE_S  # a shorter cold time needs no alert
SETTLE_S = 75 * MINUTE_S  # every bed is cold at first; after this time the slowest has warmed
STILL_S = 4 * HOUR_S
WritePlanTruth = Callable[[int], str]


def truth(
    plan: NightPlan, climate: Climate, turned: list[int], begin: datetime, zone: tzinfo
) -> dict[str, Any]:
    """Return the truth of a night as JSON: spans are pairs of local ISO times; `begin` is UTC.

    `cold` is when a warning is due: somebody is in bed, the bed has warmed or had 75 minutes for
    it, the room is below 26 C, and the true air by the legs is below 27 C for 20 minutes or more.
    `still` is four hours or more without a turn.
    """

    def iso(at_s: int) -> str:
        moment = begin + timedelta(seconds=at_s)
        return moment.astimezone(zone).isoformat(timespec="seconds")

    bare = [part for span in plan.bare for part in overlap(plan.in_bed, span)]
    return {
        "v": 1,
        "kind": plan.kind,
        "begin": iso(0),
        "end": iso(plan.length_s),
        "mat": plan.mat,
        "in_bed": _iso(plan.in_bed, iso),
        "uncovered": _iso(bare, iso),
        "fan": _iso(plan.fan, iso),
        "faults": [
            {"sensor": fault.sensor, "what": fault.what, "span": _iso([fault.span], iso)[0]}
            for fault in plan.faults
        ],
        "cold": _iso(cold(plan, climate), iso),
        "still": _iso(still(plan, turned), iso),
        "turns": len(turned),
        "leg_skin_low_c": round(min(climate.skin_c), 1),
        "room_c": [round(min(climate.room_c), 1), round(max(climate.room_c), 1)],
        "offsets_c": {"leg": plan.offsets_c[0], "room": plan.offsets_c[1]},
    }


def cold(plan: NightPlan, climate: Climate) -> list[Span]:
    """Return the times of truly cold air by the legs."""
    found: list[Span] = []
    warmed = plan.warmed
    for stay in plan.in_bed:
        begin_s: int | None = None
        for at_s in range(stay.from_s, stay.to_s, STEP_S):
            i = at_s // STEP_S
            air, room = climate.leg_c[i], climate.room_c[i]
            warmed = warmed or air >= WARM_C or at_s - plan.in_bed[0].from_s >= SETTLE_S
            if not warmed:
                continue
            if begin_s is None and air < COLD_C and room < WARM_ROOM_C:
                begin_s = at_s
            elif begin_s is not None and (air >= WARM_C or room >= WARM_ROOM_C):
                found.append(Span(begin_s, at_s))
                begin_s = None
        if begin_s is not None:
            found.append(Span(begin_s, stay.to_s))
    return [span for span in found if span.to_s - span.from_s >= SHORT_S]


def still(plan: NightPlan, turned: list[int]) -> list[Span]:
    """Return the times of four hours or more without a turn."""
    gaps = [Span(a, b) for a, b in pairwise(turned) if b - a >= STILL_S]
    return [gap for gap in gaps if inside(plan.in_bed, gap.from_s)]


def overlap(spans: Iterable[Span], with_: Span) -> list[Span]:
    """Return the parts of the spans that lie in `with_`."""
    both = [Span(max(s.from_s, with_.from_s), min(s.to_s, with_.to_s)) for s in spans]
    return [span for span in both if span.from_s < span.to_s]


def _iso(spans: Iterable[Span], iso: WritePlanTruth) -> list[list[str]]:
    return [[iso(span.from_s), iso(span.to_s)] for span in spans]
