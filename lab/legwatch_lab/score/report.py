"""The report as JSON: every figure with its interval, and every night with all its alerts."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

from legwatch.night import local
from legwatch_lab.score.cold import UncoveringOutcome
from legwatch_lab.score.interval import Estimate, estimates
from legwatch_lab.score.measure import MEASURES
from legwatch_lab.score.night import JudgedAlert, ScoredNight, SystemResult

VERSION: Final = 1
SIDES = ("legwatch", "simple")
ALL = tuple(measure for _, group in MEASURES for measure in group)
ReportFigures = Mapping[tuple[str, str], Estimate]


def report(
    nights: Sequence[ScoredNight], found: ReportFigures, words: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the whole report; `words` are the options of the run."""
    kinds = sorted({night.kind for night in nights})
    by_kind = {kind: [night for night in nights if night.kind == kind] for kind in kinds}
    return {
        "v": VERSION,
        **words,
        "nights": len(nights),
        "measures": _measures(found),
        "kinds": {
            kind: {"nights": len(mine), "measures": _measures(estimates(ALL, mine, SIDES))}
            for kind, mine in by_kind.items()
        },
        "rows": [_night(night) for night in nights],
    }


def _measures(found: ReportFigures) -> dict[str, Any]:
    return {
        measure.key: {
            "label": measure.label,
            "unit": measure.unit,
            **{side: found[measure.key, side]._asdict() for side in SIDES},
        }
        for measure in ALL
    }


def _night(night: ScoredNight) -> dict[str, Any]:
    return {
        "name": night.name,
        "kind": night.kind,
        "normal_sleeper": night.normal,
        **{name: _side(side, night.zone) for name, side in night.sides.items()},
    }


def _side(side: SystemResult, zone: tzinfo) -> dict[str, Any]:
    skin = side.skin
    return {
        "alerts": [_alert(judged, zone) for judged in side.alerts],
        "uncovered": [_uncovering(uncovering, zone) for uncovering in side.uncoverings],
        "feet": [_uncovering(uncovering, zone) for uncovering in side.feet],
        "cold_skin_min": [skin.cold_min, skin.cold_told_min],
        "very_cold_skin_min": [skin.very_cold_min, skin.very_cold_told_min],
        "crossings": [
            {"at": iso(crossing.at_ms, zone), "lead_min": _minutes(crossing.lead_min)}
            for crossing in skin.crossings
        ],
        "faults": [
            {
                "sensor": fault.sensor,
                "what": fault.what,
                "from": iso(fault.from_ms, zone),
                "to": iso(fault.to_ms, zone),
                "told": fault.told,
                "delay_min": _minutes(fault.delay_min),
            }
            for fault in side.faults
        ],
        "wakes": [iso(at_ms, zone) for at_ms in side.wakes],
        "signs": [{"at": iso(sign.at_ms, zone), "hit": sign.hit} for sign in side.signs],
    }


def _alert(judged: JudgedAlert, zone: tzinfo) -> dict[str, Any]:
    alert = judged.alert
    return {
        "kind": alert.kind,
        "at": iso(alert.at_ms, zone),
        "end": None if alert.end_ms is None else iso(alert.end_ms, zone),
        "sound": None if alert.sound_ms is None else iso(alert.sound_ms, zone),
        "level": alert.severity,
        "reason": alert.reason,
        "text": alert.text,
        "true": judged.is_true,
        "on_faulty": judged.on_faulty,
    }


def _uncovering(uncovering: UncoveringOutcome, zone: tzinfo) -> dict[str, Any]:
    return {
        "what": uncovering.what,
        "side": uncovering.side,
        "from": iso(uncovering.from_ms, zone),
        "to": iso(uncovering.to_ms, zone),
        "caught": uncovering.caught,
        "delay_min": _minutes(uncovering.delay_min),
        "sound_min": _minutes(uncovering.sound_min),
    }


def _minutes(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def iso(at_ms: int, zone: tzinfo) -> str:
    """Return local time with its offset."""
    return local(at_ms, zone).isoformat(timespec="seconds")
