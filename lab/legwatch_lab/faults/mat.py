"""Faults of the mat, and absences that it does or does not see."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from random import Random

from legwatch_lab.faults.laid import Fault, Laid, all_night, begins, from_now
from legwatch_lab.faults.night import LEG, MAT, MINUTE_MS, BedNight, Readings, Sample
from legwatch_lab.faults.shapes import Ramp, bursts, changed, counted, dropped, shown, without
from legwatch_lab.truth import TrueSpan

Lay = Callable[[BedNight, Random], Laid]
ABSENCES = ("up_90", "mat_occ_away", "mat_slow_return")  # who is up is not still
AWAY_MS = (90 * MINUTE_MS, 60 * MINUTE_MS, 40 * MINUTE_MS)  # the first that fits
APART_MS = 30 * MINUTE_MS  # of an absence from the uncovering, and from bedtime
COOL_S, WARM_S = 1300, 500  # of the air in a bed that is left, and entered again


def always(value: float, *, later: bool) -> Lay:
    """Say the same, from now on or all night."""

    def lay(night: BedNight, rng: Random) -> Laid:
        from_ms = begins(night, rng) if later else night.begin_ms
        stuck = changed(night.readings, MAT, lambda _, __: value, from_ms)
        if from_ms > night.begin_ms:
            stuck = {**stuck, MAT: tuple(sorted({*stuck[MAT], (from_ms, value)}))}
        return from_now(night, stuck, from_ms)

    return lay


def inverted(night: BedNight, _rng: Random) -> Laid:
    """Say empty for occupied, and occupied for empty."""
    return all_night(night, changed(night.readings, MAT, lambda _, v: 1.0 - v))


def late(minutes: float) -> Lay:
    """Say each change so many minutes late."""

    def lay(night: BedNight, _rng: Random) -> Laid:
        late_ms = round(minutes * MINUTE_MS)
        was = night.readings[MAT]
        kept = tuple((t, _at(was, t - late_ms)) for t, _ in was)
        moved = {(t + late_ms, v) for t, v in was if t + late_ms < night.end_ms}
        return all_night(night, {**night.readings, MAT: tuple(sorted({*kept, *moved}))})

    return lay


def flickers(night: BedNight, rng: Random) -> Laid:
    """Say either, by chance, every 20 s."""
    from_ms = begins(night, rng)
    before = [sample for sample in night.readings[MAT] if sample[0] < from_ms]
    noise = [(t, float(rng.random() < 0.5)) for t in range(from_ms, night.end_ms, 20_000)]
    return from_now(night, {**night.readings, MAT: (*before, *noise)}, from_ms)


def lets_go(minutes: float) -> Lay:
    """Say empty for some minutes at each turn."""

    def lay(night: BedNight, _rng: Random) -> Laid:
        spans = [(a, a + round(minutes * MINUTE_MS)) for a, _ in bursts(night.readings)]
        return all_night(night, _empty(night, [s for s in spans if _within(night, s)]))

    return lay


def edge(night: BedNight, rng: Random) -> Laid:
    """Say empty for 20 to 60 min after one turn in three: the sleeper lies at the edge."""
    spans = [
        (a, a + rng.randint(20, 60) * MINUTE_MS)
        for a, _ in bursts(night.readings)
        if rng.random() < 1 / 3
    ]
    return all_night(night, _empty(night, [span for span in spans if _within(night, span)]))


def dead(night: BedNight, rng: Random) -> Laid:
    """Write nothing any more: its last word is all that a replay has."""
    from_ms = begins(night, rng)
    return from_now(night, dropped(night.readings, (MAT,), lambda at: at >= from_ms), from_ms)


def mute(night: BedNight, rng: Random) -> Laid:
    """Write nothing any more, and the windows say so."""
    from_ms = begins(night, rng)
    left = dropped(night.readings, (MAT,), lambda at: at >= from_ms)
    return Laid(left, from_ms, night.end_ms, no_mat_ms=from_ms)


def none_all(night: BedNight, _rng: Random) -> Laid:
    """Write one word in the evening, and nothing after it."""
    first = night.readings[MAT][0]
    return all_night(night, {**without(night.readings, MAT), MAT: (first,)})


def away(night: BedNight, rng: Random, *, seen: bool = True) -> Laid:
    """Let the sleeper get up for 90 min (less where no more fits), apart from the uncovering."""
    span = _absence(night, rng)
    cool = Ramp(span.from_ms, span.to_ms, COOL_S, WARM_S)

    def air(at_ms: int, value: float) -> float:
        room_c = night.room_c(at_ms)
        return shown(value + cool.at(at_ms) * min(0.0, room_c - value), rng)

    found = changed(night.readings, LEG, air, span.from_ms)
    calm = counted(found, lambda _, __: 0.0, span.from_ms, span.to_ms)
    for at_ms in span:
        calm = counted(calm, lambda _, v: v + 12, at_ms - 20_000, at_ms + 10_000)
    if seen:
        calm = _with_word(changed(calm, MAT, lambda _, __: 0.0, *span), span)
    stays = tuple(
        part
        for stay in night.truth.in_bed
        for part in (
            TrueSpan(stay.from_ms, min(stay.to_ms, span.from_ms)),
            TrueSpan(max(stay.from_ms, span.to_ms), stay.to_ms),
        )
        if part.from_ms < part.to_ms
    )
    turns = tuple(t for t in night.truth.turns if not span.from_ms <= t < span.to_ms)
    truth = replace(night.truth, in_bed=stays, turns=tuple(sorted({*turns, span.to_ms})))
    return Laid(calm, span.from_ms, span.to_ms, truth)


def occupied_away(night: BedNight, rng: Random) -> Laid:
    """Say occupied while the sleeper is up for 90 min."""
    return away(night, rng, seen=False)


def slow_return(night: BedNight, rng: Random) -> Laid:
    """Say empty for an hour more after the sleeper has come back."""
    laid = away(night, rng)
    to_ms = min(laid.to_ms + 60 * MINUTE_MS, night.up_ms)
    longer = changed(laid.readings, MAT, lambda _, __: 0.0, laid.from_ms, to_ms)
    return laid._replace(readings=_with_word(longer, TrueSpan(laid.from_ms, to_ms)))


def _absence(night: BedNight, rng: Random) -> TrueSpan:
    """Draw an absence apart from the uncovering; over it, if the night is too short."""
    for length_ms in AWAY_MS:
        first, last = night.bed_ms + APART_MS, night.up_ms - length_ms - APART_MS
        for _ in range(40):
            at_ms = rng.randrange(first, max(first + 1, last)) // 10_000 * 10_000
            if _is_apart(night, at_ms, at_ms + length_ms):
                return TrueSpan(at_ms, at_ms + length_ms)
    from_ms = begins(night, rng) // 10_000 * 10_000
    return TrueSpan(from_ms, from_ms + AWAY_MS[-1])


def _is_apart(night: BedNight, from_ms: int, to_ms: int) -> bool:
    taken = [TrueSpan(bare.from_ms, bare.to_ms) for bare in night.truth.uncovered]
    near = any(a - APART_MS < to_ms and from_ms < b + APART_MS for a, b in taken)
    within = any(stay.from_ms <= from_ms and to_ms <= stay.to_ms for stay in night.truth.in_bed)
    return within and not near


def _with_word(readings: Readings, span: TrueSpan) -> Readings:
    """Write the mat's word at both ends of an absence."""
    if MAT not in readings:
        return readings
    samples = dict(readings[MAT])
    samples[span.from_ms], samples[span.to_ms] = 0.0, 1.0
    return {**readings, MAT: tuple(sorted(samples.items()))}


def _empty(night: BedNight, spans: list[tuple[int, int]]) -> Readings:
    """Let the mat say empty in these times, and write a word at their ends."""
    if MAT not in night.readings:
        return night.readings
    was = night.readings[MAT]
    samples = dict(was)
    for from_ms, to_ms in spans:
        samples[from_ms], samples[to_ms] = 0.0, _at(was, to_ms)
    said = {t: 0.0 if any(a <= t < b for a, b in spans) else v for t, v in samples.items()}
    return {**night.readings, MAT: tuple(sorted(said.items()))}


def _within(night: BedNight, span: tuple[int, int]) -> bool:
    return any(stay.from_ms < span[0] and span[1] < stay.to_ms for stay in night.truth.in_bed)


def _at(samples: tuple[Sample, ...], at_ms: int) -> float:
    return samples[max(0, bisect_right(samples, (at_ms, 2.0)) - 1)][1]


FAULTS = (
    Fault("up_90", "", "the sleeper is up for 90 min: no fault at all", away),
    Fault("mat_occ", "presence", "a mat that stays pressed from then on", always(1.0, later=True)),
    Fault("mat_occ_all", "presence", "a mat with something upon it", always(1.0, later=False)),
    Fault("mat_occ_away", "presence", "a mat that stays pressed during 90 min away", occupied_away),
    Fault("mat_empty", "presence", "a mat whose contact breaks", always(0.0, later=True)),
    Fault("mat_empty_all", "presence", "a mat whose wire is off", always(0.0, later=False)),
    Fault("mat_flicker", "presence", "a mat with a bad contact", flickers),
    Fault("mat_off3", "presence", "a mat that lets go for 3 min at each turn", lets_go(3)),
    Fault("mat_edge", "presence", "a mat that misses a sleeper at the edge", edge),
    Fault("mat_inv", "presence", "a mat that opens when pressed: the wrong way round", inverted),
    Fault("mat_late", "", "a mat of foam: each change 20 min late", late(20)),
    Fault("mat_slow_return", "presence", "a mat that stays empty 1 h after a return", slow_return),
    Fault("mat_dead", "presence", "a driver that dies: the last word stays", dead),
    Fault("mat_mute", "presence", "a driver that dies: windows without the mat", mute),
    Fault("mat_none", "presence", "a mat that is heard once, in the evening", none_all),
)
