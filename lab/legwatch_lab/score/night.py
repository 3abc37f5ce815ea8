"""Score one night: the rules and the simple automation get the same windows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import NamedTuple

from legwatch.engine import GRACE_MS, replay
from legwatch.events import Event, Tick, Window
from legwatch.limits.rules import Rules
from legwatch.recording import events
from legwatch_lab.score import cold, health, still
from legwatch_lab.score.alert import AlertSpan, Transcript, fold
from legwatch_lab.score.cold import ColdSkin, UncoveringOutcome
from legwatch_lab.score.health import FaultOutcome
from legwatch_lab.score.simple_automation import STILL_MIN, simple
from legwatch_lab.truth import NightTruth
from legwatch_runtime.replay_file import read

BODY = ("cold", "still")
NORMAL_AGES = (65.0, 80.0)
SIGN_MS = 30 * 60_000


class JudgedAlert(NamedTuple):
    """An alert, and whether it was true; None: the truth does not decide that for its kind."""

    alert: AlertSpan
    is_true: bool | None
    on_faulty: bool = False  # it uses a sensor that was faulty then

    @property
    def of_fault(self) -> bool:
        """Return True for a cold or still alert that a fault night must not have."""
        return self.alert.kind in BODY and (self.is_true is False or self.on_faulty)


class Sign(NamedTuple):
    """An early sign; `hit`: cold or uncovered legs followed."""

    at_ms: int
    hit: bool


@dataclass(frozen=True, slots=True)
class SystemResult:
    """The results of the rules or of the simple automation in one night."""

    alerts: tuple[JudgedAlert, ...]
    uncoverings: tuple[UncoveringOutcome, ...]
    feet: tuple[UncoveringOutcome, ...]
    skin: ColdSkin
    faults: tuple[FaultOutcome, ...]
    wakes: tuple[int, ...]
    signs: tuple[Sign, ...]
    sign_leads_min: tuple[float | None, ...]  # of every true cold alert; None: no sign before it

    def count(self, *kinds: str, true: bool | None = None) -> int:
        """Count the alerts of these kinds; with `true`, only the true or only the false ones."""
        return sum(
            j.alert.kind in kinds and (true is None or j.is_true is true) for j in self.alerts
        )


@dataclass(frozen=True, slots=True)
class ScoredNight:
    """The results of one night: a side for each set of rules, and `simple`."""

    name: str
    kind: str
    zone: tzinfo
    faulty: bool
    normal: bool  # a normal sleeper of 65 to 80
    sides: Mapping[str, SystemResult]
    run: str = ""  # the run of the body model that it shares with other nights; empty: none


def score(
    path: Path,
    truth: NightTruth,
    rules: Mapping[str, Rules],
    *,
    without: Sequence[str] = (),
    zone: tzinfo | None = None,
) -> ScoredNight:
    """Score one night under each set of rules, and the simple automation as `simple`.

    `without` are channels left out; `zone` None: the night's own offset. Raises RecordingError.
    """
    zone = zone or truth.zone
    # Rename the channels that are left out: legwatch ignores unknown names.
    renames = {channel: f"{channel} (left out)" for channel in without}
    recording = read(path, zone=zone, renames=renames)
    night_events: list[Event] = list(events(recording))
    windows = [event for event in night_events if isinstance(event, Window)]
    night_events.append(
        Tick(truth.end_ms + GRACE_MS)
    )  # so that the engine notices a silence at the end
    sides = {}
    for name, own in rules.items():
        run = fold(replay(night_events, replace(own, zone=zone)))
        sides[name] = _side(truth, run, still.by_severity_s(own))
    limits = {"warning": STILL_MIN * 60}
    sides["simple"] = _side(truth, simple(windows, truth.end_ms), limits)
    low, high = NORMAL_AGES
    normal = low <= truth.age <= high and truth.movement == "normal" and not truth.faults
    return ScoredNight(
        name=truth.name,
        kind=truth.kind,
        zone=zone,
        faulty=bool(truth.faults),
        normal=normal,
        sides=sides,
        run=truth.run,
    )


def _side(truth: NightTruth, run: Transcript, limits: Mapping[str, int]) -> SystemResult:
    colds = [alert for alert in run.alerts if alert.kind == "cold"]
    judged = tuple(
        JudgedAlert(alert, _true(truth, alert, limits), health.on_faulty(truth, alert))
        for alert in run.alerts
    )
    right = [j.alert.at_ms for j in judged if j.alert.kind == "cold" and j.is_true]
    return SystemResult(
        alerts=judged,
        uncoverings=cold.uncovering_outcomes(truth, colds),
        feet=cold.uncovering_outcomes(truth, colds, feet=True),
        skin=cold.skin(truth, colds),
        faults=health.fault_outcomes(truth, run.alerts),
        wakes=run.wakes,
        signs=tuple(Sign(at, _hit(truth, at, colds)) for at in run.signs),
        sign_leads_min=tuple(_before(at, run.signs) for at in right),
    )


def _true(truth: NightTruth, alert: AlertSpan, limits: Mapping[str, int]) -> bool | None:
    match alert.kind:
        case "cold":
            return cold.is_truly_cold(truth, alert.at_ms)
        case "still":
            return still.is_truly_still(truth, alert.at_ms, limits[alert.severity])
        case _:
            return None if truth.faults else False


def _hit(truth: NightTruth, at_ms: int, colds: Sequence[AlertSpan]) -> bool:
    """Return True if a cold alert, uncovered legs or cold skin follow within 30 min."""
    until_ms = at_ms + SIGN_MS
    if any(at_ms <= alert.at_ms <= until_ms for alert in colds):
        return True
    bare = any(u.from_ms <= until_ms and at_ms < u.to_ms for u in truth.uncovered)
    return bare or cold.cold_skin(truth, at_ms, until_ms)


def _before(at_ms: int, signs: Sequence[int]) -> float | None:
    leads = [(at_ms - sign) / 60_000 for sign in signs if 0 <= at_ms - sign <= SIGN_MS]
    return max(leads, default=None)
