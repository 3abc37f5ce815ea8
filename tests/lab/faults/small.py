"""A small made night for tests of faults: 6 h in bed, uncovered for 1 h, one reading in 10 s."""

from datetime import UTC

from legwatch_lab.faults.laid import Laid
from legwatch_lab.faults.night import COUNTS, LEG, LEG_RH, MAT, ROOM, ROOM_RH, BedNight, Sample
from legwatch_lab.truth import NightTruth, TrueSeries, TrueSpan, TrueUncovering

MINUTE_MS = 60_000
BED_MS = 1_767_222_000_000  # bedtime
BEGIN_MS, END_MS = BED_MS - 180 * MINUTE_MS, BED_MS + 380 * MINUTE_MS
UP_MS = BED_MS + 360 * MINUTE_MS
BARE = TrueSpan(BED_MS + 150 * MINUTE_MS, BED_MS + 210 * MINUTE_MS)
TURNS = tuple(BED_MS + minute * MINUTE_MS for minute in (40, 80, 120, 150, 210, 260, 300, 340))
TIMES = range(BEGIN_MS, END_MS, 10_000)


def minute(number: float) -> int:
    """Return the time of a minute after bedtime."""
    return BED_MS + round(number * MINUTE_MS)


def small(kind: str = "uncovered") -> BedNight:
    """Return the night; a quiet one has no uncovering."""
    bare = BARE if kind == "uncovered" else None
    readings = {
        LEG: tuple((at, leg_c(at, bare)) for at in TIMES),
        LEG_RH: tuple((at, 45.0 + at // 10_000 % 3 / 10) for at in TIMES),
        ROOM: tuple((at + 3000, 18.0 + at // 10_000 % 2 / 10) for at in TIMES),
        ROOM_RH: tuple((at + 3000, 50.0) for at in TIMES),
        COUNTS: tuple(moved(at) for at in TIMES),
        MAT: tuple((at, float(BED_MS <= at < UP_MS)) for at in TIMES[::30]),
    }
    return BedNight("small", kind, readings, truth(bare), bare)


def leg_c(at_ms: int, bare: TrueSpan | None) -> float:
    wobble = at_ms // 10_000 % 7 / 10
    if not BED_MS <= at_ms < UP_MS:
        return 18.0 + wobble / 7
    if bare and bare.from_ms <= at_ms < bare.to_ms:
        return 21.0 + wobble
    return 30.0 + wobble


def moved(at_ms: int) -> Sample:
    edges = (BED_MS, *TURNS, UP_MS)
    return at_ms, float(4 * any(at_ms <= turn < at_ms + 10_000 for turn in edges))


def truth(bare: TrueSpan | None) -> NightTruth:
    count = (END_MS - BEGIN_MS) // MINUTE_MS
    uncovered = (TrueUncovering(*bare, "both_legs", "", 0.0),) if bare else ()

    def series(value: float) -> TrueSeries:
        return TrueSeries(BEGIN_MS, MINUTE_MS, (value,) * count)

    return NightTruth(
        name="small",
        file="small.csv.gz",
        kind="small",
        begin_ms=BEGIN_MS,
        end_ms=END_MS,
        zone=UTC,
        age=70.0,
        movement="normal",
        in_bed=(TrueSpan(BED_MS, UP_MS),),
        uncovered=uncovered,
        fan=(),
        room=series(18.0),
        leg_skin=series(33.0),
        foot_skin=series(32.0),
        turns=TURNS,
        faults=(),
    )


def before_and_from(laid: Laid, night: BedNight, channel: str) -> tuple[list[Sample], list[Sample]]:
    """Return the samples that differ from the night's own, before the fault and from it on."""
    was = dict(night.readings.get(channel, ()))
    changes = [(at, value) for at, value in laid.readings.get(channel, ()) if was.get(at) != value]
    return (
        [sample for sample in changes if sample[0] < laid.from_ms],
        [sample for sample in changes if sample[0] >= laid.from_ms],
    )
