"""Faults of the leg sensor itself: what it shows."""

from collections.abc import Callable
from functools import partial
from math import nan
from random import Random

from legwatch_lab.faults.laid import Fault, Laid, all_night, begins, from_now
from legwatch_lab.faults.night import HOUR_MS, LEG, LEG_RH, MINUTE_MS, BedNight, Readings
from legwatch_lab.faults.shapes import changed, value_at, without

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


def jumps(celsius: float) -> Lay:
    """Let it jump by some degrees and back, some minutes each."""

    def lay(night: BedNight, rng: Random) -> Laid:
        from_ms = begins(night, rng)
        off, until = 0.0, from_ms

        def wrong(at_ms: int, value: float) -> float:
            nonlocal off, until
            if at_ms >= until:
                off = 0.0 if off else rng.choice((-celsius, celsius))
                until = at_ms + rng.randint(2, 15) * MINUTE_MS
            return round(value + off, 1)

        return from_now(night, changed(night.readings, LEG, wrong, from_ms), from_ms)

    return lay


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
    Fault("leg_steps05", "", "a DS18B20 set to 9 bits: steps of 0.5 C", steps(0.5)),
    Fault("leg_noise05", "", "an NTC beside a power supply: noise of 0.5 C", noise(0.5)),
    Fault("leg_spike85", "", "a DS18B20 that starts anew and says 85 C", spikes(LEG, 85.0)),
    Fault("leg_spike-127", "", "a DS18B20 that is not there and says -127 C", spikes(LEG, -127.0)),
    Fault("leg_spike0", "", "a read that failed and is passed on as 0 C", spikes(LEG, 0.0)),
    Fault("leg_spike-3274", "", "a clone below zero: -3274 C", spikes(LEG, -3274.0)),
    Fault("leg_nan", "", "a driver that writes nan", spikes(LEG, nan, 0.05)),
    Fault("leg_rh101", "", "a DHT22 in damp air: 101.7 % all night", spikes(LEG_RH, 101.7, 1.0)),
    Fault("leg_jumps", "leg", "a corroded plug: 3 C up or down for minutes", jumps(3.0)),
)
