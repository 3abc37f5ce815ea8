"""Sensor and agent alerts against the faults that were there."""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch_lab.score.alert import AlertSpan
from legwatch_lab.truth import NightTruth, TrueFault

MINUTE_MS = 60_000
SENSORS = ("leg", "room", "movement")
PLAIN = ("silent", "zeros", "stuck", "blind")  # what a sensor alert can be expected for
RESTS = {"cold": ("leg", "room", "agent"), "still": ("movement", "agent")}
SOON_MIN = 10.0


class FaultOutcome(NamedTuple):
    """One fault, and whether it was told; `delay_min` None: not told, or an alert stood before."""

    from_ms: int
    to_ms: int
    sensor: str
    what: str
    told: bool
    delay_min: float | None
    heard: bool  # False: silent from the recording's begin, so nobody knows that it is there

    @property
    def plain(self) -> bool:
        """Say whether it is a leg, room or movement sensor with nothing or nonsense to say."""
        return self.sensor in SENSORS and self.what in PLAIN

    @property
    def soon(self) -> bool:
        """Say whether it was told within 10 min; an alert that stood before told it at once."""
        return self.told and (self.delay_min is None or self.delay_min <= SOON_MIN)


def on_faulty(truth: NightTruth, alert: AlertSpan) -> bool:
    """Say whether a body alert rests on a sensor that was faulty at its time.

    On a silent room sensor nothing rests: the leg sensor alone is judged then.
    """
    return any(
        fault.sensor in RESTS.get(alert.kind, ())
        and (fault.sensor, fault.what) != ("room", "silent")
        and fault.from_ms <= alert.at_ms < fault.to_ms
        for fault in truth.faults
    )


def fault_outcomes(truth: NightTruth, alerts: Sequence[AlertSpan]) -> tuple[FaultOutcome, ...]:
    """Return what became of every fault of the night."""
    return tuple(_outcome(fault, truth, alerts) for fault in truth.faults)


def _outcome(fault: TrueFault, truth: NightTruth, alerts: Sequence[AlertSpan]) -> FaultOutcome:
    kind = "agent" if fault.sensor == "agent" else "sensor"
    begin_ms = fault.from_ms
    if (fault.sensor, fault.what) == ("movement", "blind") and truth.in_bed:
        begin_ms = max(begin_ms, truth.in_bed[0].from_ms)  # before, there was nothing to be seen
    mine = [alert for alert in alerts if alert.kind == kind]
    standing = any(alert.at_ms < begin_ms and alert.stands(begin_ms) for alert in mine)
    within = [alert.at_ms for alert in mine if begin_ms <= alert.at_ms < fault.to_ms]
    delay_min = (min(within) - begin_ms) / MINUTE_MS if within and not standing else None
    heard = fault.what != "silent" or fault.from_ms > truth.begin_ms
    return FaultOutcome(
        begin_ms, fault.to_ms, fault.sensor, fault.what, standing or bool(within), delay_min, heard
    )
