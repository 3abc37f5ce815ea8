"""Faults of the movement sensor: dead, noisy, bouncing, holding, or moved by somebody else."""

from collections.abc import Callable
from random import Random

from legwatch_lab.faults.laid import Fault, Laid, all_night, begins, from_now
from legwatch_lab.faults.night import ACTIVE, COUNTS, HOUR_MS, MINUTE_MS, MOVED, BedNight
from legwatch_lab.faults.shapes import bursts, counted, dropped, pace_ms, without

Lay = Callable[[BedNight, Random], Laid]
ALL = (COUNTS, MOVED, ACTIVE)


def dead(night: BedNight, rng: Random) -> Laid:
    """Count nothing any more."""
    from_ms = begins(night, rng)
    return from_now(night, counted(night.readings, lambda _, __: 0.0, from_ms), from_ms)


def dead_all(night: BedNight, _rng: Random) -> Laid:
    """Count nothing from the first reading on."""
    return all_night(night, counted(night.readings, lambda _, __: 0.0))


def none_all(night: BedNight, _rng: Random) -> Laid:
    """Write nothing at all."""
    return all_night(night, without(night.readings, *ALL))


def mute(night: BedNight, rng: Random) -> Laid:
    """Write nothing any more."""
    from_ms = begins(night, rng)
    return from_now(night, dropped(night.readings, ALL, lambda at: at >= from_ms), from_ms)


def stuck(night: BedNight, rng: Random) -> Laid:
    """Count in each window."""
    from_ms = begins(night, rng)
    return from_now(night, counted(night.readings, lambda _, v: v + 1, from_ms), from_ms)


def free(seconds: float, *, always: bool = False) -> Lay:
    """Count once every so many seconds, whatever happens."""

    def lay(night: BedNight, rng: Random) -> Laid:
        from_ms = night.begin_ms if always else begins(night, rng)
        each_ms, span_ms = round(seconds * 1000), pace_ms(night.readings[COUNTS])

        def more(at_ms: int, value: float) -> float:
            return value + at_ms // each_ms - (at_ms - span_ms) // each_ms

        return from_now(night, counted(night.readings, more, from_ms), from_ms)

    return lay


def noisy(share: float) -> Lay:
    """Count one or two in this share of the windows, all night."""

    def lay(night: BedNight, rng: Random) -> Laid:
        def more(_at_ms: int, value: float) -> float:
            return value + (rng.randint(1, 2) if rng.random() < share else 0)

        return all_night(night, counted(night.readings, more))

    return lay


def weak(divisor: int) -> Lay:
    """Count only one of so many edges."""

    def lay(night: BedNight, _rng: Random) -> Laid:
        return all_night(night, counted(night.readings, lambda _, v: float(v // divisor)))

    return lay


def bounce(low: int, high: int, *, later: bool = False) -> Lay:
    """Count so many edges for each one."""

    def lay(night: BedNight, rng: Random) -> Laid:
        from_ms = begins(night, rng) if later else night.begin_ms

        def more(_at_ms: int, value: float) -> float:
            return float(sum(rng.randint(low, high) for _ in range(round(value))))

        return from_now(night, counted(night.readings, more, from_ms), from_ms)

    return lay


def knock(night: BedNight, rng: Random) -> Laid:
    """Count one knock of 20 to 40 edges."""
    from_ms = begins(night, rng)
    to_ms = from_ms + pace_ms(night.readings[COUNTS])
    edges = rng.randint(20, 40)
    return Laid(counted(night.readings, lambda _, v: v + edges, from_ms, to_ms), from_ms, to_ms)


def some(seen: float) -> Lay:
    """See only this share of the movements."""

    def lay(night: BedNight, rng: Random) -> Laid:
        missed = [span for span in bursts(night.readings) if rng.random() >= seen]

        def less(at_ms: int, value: float) -> float:
            return 0.0 if value and any(a <= at_ms <= b for a, b in missed) else value

        return all_night(night, counted(night.readings, less))

    return lay


def others(per_h: float, most: int, length_s: int, hours: float | None = None) -> Lay:
    """Count the movements of somebody else in the bed, too."""

    def lay(night: BedNight, rng: Random) -> Laid:
        from_ms = night.bed_ms if hours is None else begins(night, rng)
        to_ms = night.up_ms if hours is None else from_ms + round(hours * HOUR_MS)
        extra: dict[int, int] = {}
        times = [at_ms for at_ms, _ in night.readings[COUNTS]]
        at = from_ms + rng.expovariate(per_h / HOUR_MS)
        while at < to_ms:
            for time in times:
                if at <= time < at + length_s * 1000:
                    extra[time] = extra.get(time, 0) + rng.randint(1, most)
            at += rng.expovariate(per_h / HOUR_MS)
        moved = counted(night.readings, lambda t, v: v + extra.get(t, 0))
        return Laid(moved, from_ms, to_ms)

    return lay


def washing(night: BedNight, rng: Random) -> Laid:
    """Count in each window for an hour."""
    from_ms = begins(night, rng)
    to_ms = from_ms + HOUR_MS
    shaken = counted(night.readings, lambda _, v: v + rng.randint(5, 30), from_ms, to_ms)
    return Laid(shaken, from_ms, to_ms)


def hold(minutes: float) -> Lay:
    """Count one edge, and stay active for some minutes after each movement."""

    def lay(night: BedNight, _rng: Random) -> Laid:
        counts, active = [], {}
        span_ms, until_ms = pace_ms(night.readings[COUNTS]), 0
        for at_ms, value in night.readings[COUNTS]:
            edge = bool(value) and at_ms > until_ms
            if value:
                until_ms = at_ms + round(minutes * MINUTE_MS)
            active[at_ms] = min(span_ms, max(0, until_ms - at_ms + span_ms)) / 1000
            counts.append((at_ms, float(edge)))
        found = {**night.readings, COUNTS: tuple(counts)}
        for name in (MOVED, ACTIVE):
            if name in found:
                found[name] = tuple((at, active.get(at, 0.0)) for at, _ in found[name])
        return all_night(night, found)

    return lay


FAULTS = (
    Fault("mov_dead_all", "movement", "a switch whose wire is off: only zeros", dead_all),
    Fault("mov_none_all", "movement", "no movement sensor at all", none_all),
    Fault("mov_dead_t0", "movement", "a wire that comes off in the night: only zeros", dead),
    Fault("mov_mute_t0", "movement", "a driver that dies: nothing is written any more", mute),
    Fault("mov_stuck", "movement", "a line that flutters: counts in each window", stuck),
    Fault("mov_free6", "movement", "a PIR that triggers itself every 6 s", free(6)),
    Fault("mov_free30", "movement", "a PIR that triggers itself every 30 s", free(30)),
    Fault("mov_free6_all", "movement", "the same, all night", free(6, always=True)),
    Fault(
        "mov_noisy", "movement", "a fan or a road shakes the bed: one window in three", noisy(0.3)
    ),
    Fault("mov_bounce", "", "a spring switch: 13 to 60 edges for each", bounce(13, 60)),
    Fault("mov_bounce_t0", "", "a spring that begins to bounce", bounce(13, 60, later=True)),
    Fault("mov_bounce3", "", "a tilt switch: 3 edges for each", bounce(3, 3)),
    Fault("mov_bounce8", "", "a tilt switch: 8 edges for each", bounce(8, 8)),
    Fault("mov_knock", "", "somebody knocks against the bed, once", knock),
    Fault("mov_third", "", "a sensor at the wrong end: one movement in three is seen", some(1 / 3)),
    Fault("mov_weak", "", "a sensor under a thick mattress: a quarter of the counts", weak(4)),
    Fault("mov_partner", "", "a partner turns four times an hour", others(4.0, 8, 15)),
    Fault("mov_pet", "", "a pet in the bed for two hours", others(8.0, 12, 20, 2.0)),
    Fault("mov_washing", "", "a washing machine spins for an hour", washing),
    Fault("mov_pir2", "movement", "a PIR whose line stays up for 2 min", hold(2.0)),
)
