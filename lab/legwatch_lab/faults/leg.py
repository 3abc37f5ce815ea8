"""Faults of the leg sensor itself: what it shows, how often, and in which steps."""

from collections.abc import Callable
from functools import partial
from random import Random

from legwatch_lab.faults.laid import Fault, Laid, all_night, begins, from_now
from legwatch_lab.faults.night import HOUR_MS, LEG, LEG_RH, MINUTE_MS, BedNight, Readings
from legwatch_lab.faults.shapes import changed, dropped, value_at, without

Lay = Callable[[BedNight, Random], Laid]
BOTH = (LEG, LEG_RH)


def frozen(night: BedNight, rng: Random) -> Laid:
    """Repeat one temperature, of a sensor without humidity."""
    from_ms = begins(night, rng)
    return from_now(night, _held(without(night.readings, LEG_RH), from_ms), from_ms)


def frozen_rh(night: BedNight, rng: Random) -> Laid:
    """Repeat one temperature and one humidity."""
    from_ms = begins(night, rng)
    return from_now(night, _held(night.readings, from_ms), from_ms)


def frozen_all(night: BedNight, _rng: Random) -> Laid:
    """Repeat one temperature and one humidity from the first reading on."""
    return all_night(night, _held(night.readings, night.begin_ms))


def drift(c_per_h: float) -> Lay:
    """Let it read more, or less, with each hour; at most 4 C."""

    def lay(night: BedNight, rng: Random) -> Laid:
        from_ms = begins(night, rng)

        def wrong(at_ms: int, value: float) -> float:
            off = c_per_h * (at_ms - from_ms) / HOUR_MS
            return round(value + max(-4.0, min(4.0, off)), 1)

        return from_now(night, changed(night.readings, LEG, wrong, from_ms), from_ms)

    return lay


def offset(celsius: float, *, later: bool = False) -> Lay:
    """Let it read more, or less: all night, or from one reading to the next."""

    def lay(night: BedNight, rng: Random) -> Laid:
        from_ms = begins(night, rng) if later else night.begin_ms
        wrong = changed(night.readings, LEG, lambda _, v: round(v + celsius, 4), from_ms)
        return from_now(night, wrong, from_ms)

    return lay


def every(seconds: int) -> Lay:
    """Let it read only every so many seconds."""

    def lay(night: BedNight, _rng: Random) -> Laid:
        first: set[int] = set()
        last = -1
        for at_ms, _ in night.readings[LEG]:
            if at_ms // (seconds * 1000) != last:
                last = at_ms // (seconds * 1000)
                first.add(at_ms)
        return all_night(night, dropped(night.readings, BOTH, lambda at: at not in first))

    return lay


def loses(share: float) -> Lay:
    """Let this share of its reads fail."""

    def lay(night: BedNight, rng: Random) -> Laid:
        bad = {at_ms for at_ms, _ in night.readings[LEG] if rng.random() < share}
        return all_night(night, dropped(night.readings, BOTH, bad.__contains__))

    return lay


def steps(celsius: float) -> Lay:
    """Let it show coarse steps."""

    def lay(night: BedNight, _rng: Random) -> Laid:
        return all_night(
            night, changed(night.readings, LEG, lambda _, v: round(v / celsius) * celsius)
        )

    return lay


def noise(celsius: float) -> Lay:
    """Let it scatter."""

    def lay(night: BedNight, rng: Random) -> Laid:
        loud = changed(night.readings, LEG, lambda _, v: round(v + rng.gauss(0, celsius), 1))
        return all_night(night, loud)

    return lay


def spikes(channel: str, value: float, share: float = 0.02) -> Lay:
    """Give one impossible or wrong value now and then."""

    def lay(night: BedNight, rng: Random) -> Laid:
        wrong = changed(night.readings, channel, lambda _, v: value if rng.random() < share else v)
        return all_night(night, wrong)

    return lay


def loose(off_min: float, on_min: float) -> Lay:
    """Give readings for some minutes, and none for some others."""

    def lay(night: BedNight, rng: Random) -> Laid:
        from_ms = begins(night, rng)
        off_ms, whole_ms = off_min * MINUTE_MS, (off_min + on_min) * MINUTE_MS
        left = dropped(
            night.readings, BOTH, lambda at: at >= from_ms and (at - from_ms) % whole_ms < off_ms
        )
        return from_now(night, left, from_ms)

    return lay


def dead(night: BedNight, rng: Random) -> Laid:
    """Give nothing any more."""
    from_ms = begins(night, rng)
    return from_now(night, dropped(night.readings, BOTH, lambda at: at >= from_ms), from_ms)


def _held(readings: Readings, from_ms: int) -> Readings:
    for channel in BOTH:
        if channel in readings:
            kept = value_at(readings[channel], from_ms)
            readings = changed(readings, channel, partial(_kept, kept), from_ms)
    return readings


def _kept(kept: float, _at_ms: int, _value: float) -> float:
    return kept


FAULTS = (
    Fault("leg_frozen", "leg", "a DS18B20 that gives its last value for ever", frozen),
    Fault("leg_frozen_rh", "leg", "a DHT22 whose driver repeats its cached reading", frozen_rh),
    Fault("leg_frozen_all", "leg", "the same, since before the evening", frozen_all),
    Fault("leg_drift_up", "leg", "a thermistor that ages: 1 C more an hour", drift(1.0)),
    Fault("leg_drift_down", "leg", "a thermistor that ages: 1 C less an hour", drift(-1.0)),
    Fault("leg_offset_p2", "leg", "a clone that reads 2 C too much", offset(2.0)),
    Fault("leg_offset_m2", "leg", "a clone that reads 2 C too little", offset(-2.0)),
    Fault("leg_offset_p2_t0", "leg", "a bad joint: 2 C more at once", offset(2.0, later=True)),
    Fault("leg_offset_m2_t0", "leg", "a bad joint: 2 C less at once", offset(-2.0, later=True)),
    Fault("leg_every60", "", "a logger that writes each minute", every(60)),
    Fault("leg_every300", "leg", "a logger that writes each 5 min", every(300)),
    Fault("leg_loses50", "", "a cable too long: half of the checksums are wrong", loses(0.5)),
    Fault("leg_loses90", "leg", "a cable too long: nine of ten checksums are wrong", loses(0.9)),
    Fault("leg_steps05", "", "a DS18B20 set to 9 bits: steps of 0.5 C", steps(0.5)),
    Fault("leg_noise05", "", "an NTC beside a power supply: noise of 0.5 C", noise(0.5)),
    Fault("leg_spike85", "", "a DS18B20 that starts anew and says 85 C", spikes(LEG, 85.0)),
    Fault("leg_spike-127", "", "a DS18B20 that is not there and says -127 C", spikes(LEG, -127.0)),
    Fault("leg_spike0", "", "a read that failed and is passed on as 0 C", spikes(LEG, 0.0)),
    Fault("leg_loose", "leg", "a cable that makes contact 1 min of 8", loose(7, 1)),
    Fault("leg_loose55", "leg", "a cable that makes contact 5 min of 10", loose(5, 5)),
    Fault("leg_loose62", "leg", "a cable that makes contact 2 min of 8", loose(6, 2)),
    Fault("leg_dead", "leg", "a cable pulled out", dead),
)
