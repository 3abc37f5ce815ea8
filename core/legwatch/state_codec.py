"""Write the state of one bed as JSON and read it back, also from older versions of legwatch.

The parts of a state are NamedTuples, which JSON has as lists: the position identifies the field.
"""

import json
from typing import Any

from legwatch.alerting.alert import AlertState, AlertStates
from legwatch.alerting.budget import Budget
from legwatch.alerting.trial_nights import TRIAL_OVER, TrialNights
from legwatch.bed import Bed
from legwatch.conditions.cold import ColdMemory
from legwatch.conditions.verdict import Reason, Severity, TriState
from legwatch.engine import BedState
from legwatch.events import Window
from legwatch.observation import Observation
from legwatch.signals.contrast import Contrast, ContrastBaseline
from legwatch.signals.contrast_fall import Fall
from legwatch.signals.movement import Movement
from legwatch.signals.occupancy import Occupancy
from legwatch.signals.repeated_values import RepeatedPair
from legwatch.signals.sensor_offset import SensorOffset
from legwatch.signals.thermometer import Thermometer

VERSION = 1

_encoder = json.JSONEncoder(separators=(",", ":"))


def to_json(state: BedState) -> str:
    """Write a state as JSON; `from_json` gives an equal state back.

    Only the windows lose their `others`, the last field, because the engine does not judge them.
    """
    waiting = [window[:-1] for window in state.open_windows]
    return _encoder.encode((VERSION, (state.bed, waiting, state.minute_end_ms, state.at_ms)))


def from_json(text: str) -> BedState:
    """Read a state back; raises ValueError for another `VERSION` or a wrong structure."""
    try:
        version, (bed, waiting, end_ms, at_ms) = json.loads(text)
        if version != VERSION:
            raise ValueError(f"a state of version {version}, {VERSION} expected")
        windows = tuple(_window_from(fields) for fields in waiting)
        return BedState(_bed_from(bed), windows, int(end_ms), int(at_ms))
    except (TypeError, KeyError, IndexError) as error:
        raise ValueError(f"not a state: {error}") from None


def _bed_from(fields: list[Any]) -> Bed:
    observation, legs, alerts, budget, *added = fields  # an old state lacks later fields
    return Bed(
        _observation(observation),
        TriState(legs),
        AlertStates(*(_alert_state(alert) for alert in alerts)),
        Budget(*budget),
        # A state without trial nights is old: this bed needs no trial nights any more.
        TrialNights(*added[0]) if added else TRIAL_OVER,
        int(added[1]) if len(added) > 1 else 0,
    )


def _window_from(fields: list[Any]) -> Window:
    window = Window(*fields)
    return window._replace(faults=tuple((str(a), str(b)) for a, b in window.faults))


def _observation(fields: list[Any]) -> Observation:
    """Rebuild an Observation, whose NamedTuples and tuples are lists in JSON."""
    movement = Movement(*fields[5])
    return Observation(
        int(fields[0]),
        int(fields[1]),
        int(fields[2]),
        _thermometer(fields[3]),
        _thermometer(fields[4]),
        movement._replace(moved_ms=tuple(movement.moved_ms), turns_ms=tuple(movement.turns_ms)),
        Occupancy(*fields[6]),
        _cold_memory(fields[7]),
        bool(fields[8]),
        *_offset_and_repeated(fields[9:]),
    )


def _thermometer(fields: list[Any]) -> Thermometer:
    thermometer = Thermometer(*fields)
    return thermometer._replace(
        pending_jump=tuple(thermometer.pending_jump), recent_c=tuple(thermometer.recent_c)
    )


def _cold_memory(fields: list[Any]) -> ColdMemory:
    """Rebuild the memory of the cold rules.

    An old state has another kind of contrast: drop its fall, which is known again in half an hour.
    """
    memory = ColdMemory(*fields)
    memory = memory._replace(baseline_samples_c=tuple(memory.baseline_samples_c))
    if len(fields) < len(ColdMemory._fields):
        return memory._replace(fall=Fall())
    fall, contrast = Fall(*memory.fall), Contrast(*memory.contrast)
    return memory._replace(
        fall=fall._replace(contrasts_c=tuple(fall.contrasts_c)),
        contrast=contrast._replace(
            samples_c=tuple(contrast.samples_c),
            baseline=None if contrast.baseline is None else ContrastBaseline(*contrast.baseline),
        ),
    )


def _offset_and_repeated(fields: list[Any]) -> tuple[SensorOffset, RepeatedPair]:
    """Rebuild the offset and the repeated pair, which an old state lacks."""
    return (
        (SensorOffset(*fields[0]), RepeatedPair(*fields[1]))
        if fields
        else (SensorOffset(), RepeatedPair())
    )


def _alert_state(fields: list[Any]) -> AlertState:
    """Rebuild an alert's state, also from an old state with fewer fields.

    A firing alert of an old state has no `episode_ms`: take the time at which it fired.
    """
    alert = AlertState(*fields)
    nameless = alert.severity is not None and alert.episode_ms is None
    return alert._replace(
        episode_ms=alert.fired_ms if nameless else alert.episode_ms,
        severity=Severity(alert.severity) if alert.severity else None,
        reason=Reason(alert.reason) if alert.reason else None,
        ended_severity=Severity(alert.ended_severity) if alert.ended_severity else None,
        ended_reason=Reason(alert.ended_reason) if alert.ended_reason else None,
    )
