"""Faults of the agent, its clock and its way to the server."""

from collections.abc import Callable
from random import Random

from legwatch_lab.faults.laid import Fault, Laid, all_night, begins, from_now
from legwatch_lab.faults.night import LEG, LEG_RH, MINUTE_MS, BedNight, Readings
from legwatch_lab.faults.shapes import dropped

Lay = Callable[[BedNight, Random], Laid]
WINDOW_MS = 10_000


def clock(minutes: float) -> Lay:
    """Set the clock by some minutes in the night; what is written is dated wrongly from then on."""

    def lay(night: BedNight, rng: Random) -> Laid:
        from_ms, off_ms = begins(night, rng), round(minutes * MINUTE_MS)
        moved = {
            name: tuple(sorted((t + off_ms if t >= from_ms else t, v) for t, v in samples))
            for name, samples in night.readings.items()
        }
        return from_now(night, moved, from_ms)._replace(clock_ms=off_ms)

    return lay


def ahead_live(night: BedNight, rng: Random) -> Laid:
    """Date windows ahead of time while the server listens: it places them by their arrival."""
    return from_now(night, night.readings, begins(night, rng))


def behind_live(night: BedNight, rng: Random) -> Laid:
    """Date windows too early while the server listens: late windows never alert."""
    from_ms = begins(night, rng)
    return from_now(night, _lost(night, lambda at: at >= from_ms), from_ms)


def loses(share: float) -> Lay:
    """Lose this share of all windows."""

    def lay(night: BedNight, rng: Random) -> Laid:
        windows = range(night.begin_ms // WINDOW_MS, night.end_ms // WINDOW_MS + 1)
        bad = {window for window in windows if rng.random() < share}
        return all_night(night, _lost(night, lambda at: at // WINDOW_MS in bad))

    return lay


def gap(minutes: float, *, every_min: float | None = None) -> Lay:
    """Write nothing for some minutes, once or again and again."""

    def lay(night: BedNight, rng: Random) -> Laid:
        from_ms = begins(night, rng)
        off_ms = round(minutes * MINUTE_MS)
        if every_min is None:
            left = _lost(night, lambda at: from_ms <= at < from_ms + off_ms)
            return Laid(left, from_ms, from_ms + off_ms)
        each_ms = round(every_min * MINUTE_MS)
        left = _lost(night, lambda at: at >= from_ms and (at - from_ms) % each_ms < off_ms)
        return from_now(night, left, from_ms)

    return lay


def gap_over(minutes: float, channels: tuple[str, ...] | None = None) -> Lay:
    """Write nothing for some minutes around the begin of the uncovering."""

    def lay(night: BedNight, rng: Random) -> Laid:
        middle_ms = night.bare.from_ms if night.bare else begins(night, rng)
        from_ms = middle_ms - round(minutes * MINUTE_MS / 2)
        to_ms = from_ms + round(minutes * MINUTE_MS)
        left = _lost(night, lambda at: from_ms <= at < to_ms, channels)
        return Laid(left, from_ms, to_ms)

    return lay


def hole(minutes: float) -> Lay:
    """Let the leg sensor alone give nothing for some minutes."""

    def lay(night: BedNight, rng: Random) -> Laid:
        from_ms = begins(night, rng)
        to_ms = from_ms + round(minutes * MINUTE_MS)
        return Laid(_lost(night, lambda at: from_ms <= at < to_ms, (LEG, LEG_RH)), from_ms, to_ms)

    return lay


def doubled(night: BedNight, _rng: Random) -> Laid:
    """Write every line twice."""
    twice = {
        name: tuple(sample for sample in samples for _ in range(2))
        for name, samples in night.readings.items()
    }
    return all_night(night, twice)


def _lost(
    night: BedNight, lost: Callable[[int], bool], channels: tuple[str, ...] | None = None
) -> Readings:
    return dropped(night.readings, channels or tuple(night.readings), lost)


FAULTS = (
    Fault("clock_p40", "agent", "a clock set 40 min ahead", clock(40)),
    Fault("clock_m40", "agent", "a clock set 40 min back", clock(-40)),
    Fault("clock_p40_live", "", "a clock 40 min ahead, while the server listens", ahead_live),
    Fault(
        "clock_m40_live", "agent", "a clock 40 min behind, while the server listens", behind_live
    ),
    Fault("lost10", "", "a bad network: one window in ten is lost", loses(0.1)),
    Fault("lost50", "agent", "a bad network: half of the windows are lost", loses(0.5)),
    Fault("gap6_once", "", "a Pi that starts anew: a gap of 6 min", gap(6)),
    Fault("leg_hole6_once", "", "a leg sensor that starts anew: a hole of 6 min", hole(6)),
    Fault(
        "leg_hole20_over",
        "leg",
        "a hole of 20 min as the legs are uncovered",
        gap_over(20, (LEG, LEG_RH)),
    ),
    Fault("gap3", "", "a router that starts anew: 3 min of each 20", gap(3, every_min=20)),
    Fault("gap16", "agent", "a gap of 16 min", gap(16)),
    Fault("gap40", "agent", "a gap of 40 min", gap(40)),
    Fault("gap90", "agent", "a gap of 90 min", gap(90)),
    Fault("gap40_over", "agent", "a gap of 40 min as the legs are uncovered", gap_over(40)),
    Fault("agent_flap", "agent", "Wi-Fi that is there 1 min of 8", gap(7, every_min=8)),
    Fault("agent_flap55", "agent", "Wi-Fi that is there 5 min of 10", gap(5, every_min=10)),
    Fault("doubled", "", "two exports joined: every line is there twice", doubled),
)
