"""Judge sensor and agent alerts by the true faults."""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch_lab.score.alert import AlertSpan
from legwatch_lab.truth import NightTruth, TrueFault

MINUTE_MS = 60_000
SENSORS = ("leg", "room", "movement")
PLAIN = ("silent", "zeros", "stuck", "blind")  # faults that need a sensor alert
RESTS = {"cold": ("leg", "room", "agent"), "still": ("movement", "agent")}
SOON_MIN = 10.0


class FaultOutcome(NamedTuple):
    """A fault. `told`: an alert reported it; `delay_min` None: no alert, or one fired before."""

    from_ms: int
    to_ms: int
    sensor: str
    what: str
    told: bool
    delay_min: float | None
    heard: bool  # False: silent from the begin, so the rules do not know the sensor

    @property
    def plain(self) -> bool:
        """Return True for a leg, room or movement sensor that is silent, zero, stuck or blind."""
        return self.sensor in SENSORS and self.what in PLAIN

    @property
    def soon(self) -> bool:
        """Return True if an alert fired within 10 min, or was firing already."""
        return self.told and (self.delay_min is None or self.delay_min <= SOON_MIN)


def on_faulty(truth: NightTruth, alert: AlertSpan) -> bool:
    """Return True if a cold or still alert uses a sensor that was faulty at that time.

    A silent room sensor does not count: a cold alert then uses the leg sensor alone.
    """
    return any(
        fault.sensor in RESTS.get(alert.kind, ())
        and (fault.sensor, fault.what) != ("room", "silent")
        and fault.from_ms <= alert.at_ms < fault.to_ms
        for fault in truth.faults
    )


def fault_outcomes(truth: NightTruth, alerts: Sequence[AlertSpan]) -> tuple[FaultOutcome, ...]:
    """Return the outcome of every fault of the night."""
    return tuple(_outcome(fault, truth, alerts) for fault in truth.faults)


def _outcome(fault: TrueFault, truth: NightTruth, alerts: Sequence[AlertSpan]) -> FaultOutcome:
    kind = "agent" if fault.sensor == "agent" else "sensor"
    begin_ms = fault.from_ms
    if (fault.sensor, fault.what) == ("movement", "blind") and truth.in_bed:
        begin_ms = max(begin_ms, truth.in_bed[0].from_ms)  # before, there was no movement to see
    mine = [alert for alert in alerts if alert.kind == kind]
    fired_before = any(alert.at_ms < begin_ms and alert.stands(begin_ms) for alert in mine)
    within = [alert.at_ms for alert in mine if begin_ms <= alert.at_ms < fault.to_ms]
    delay_min = (min(within) - begin_ms) / MINUTE_MS if within and not fired_before else None
    heard = fault.what != "silent" or fault.from_ms > truth.begin_ms
    return FaultOutcome(
        from_ms=begin_ms,
        to_ms=fault.to_ms,
        sensor=fault.sensor,
        what=fault.what,
        told=fired_before or bool(within),
        delay_min=delay_min,
        heard=heard,
    )
