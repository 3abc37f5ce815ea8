"""The payloads that the server publishes for a bed: its state, and each firing alert."""

import json
from collections.abc import Mapping

from legwatch import engine
from legwatch.alerting.notice import iso
from legwatch.contract.fields import VERSION


def alert_payload(alert: engine.AlertView) -> bytes:
    """Return the payload of `alert/<kind>`."""
    state = "firing"
    if not alert.judged:
        state = "unknown"
    elif alert.snoozed_until_ms is not None:
        state = "snoozed"
    elif alert.acknowledged:
        state = "acknowledged"
    return _dump(
        {
            "v": VERSION,
            "state": state,
            "level": alert.severity.value,
            "since": iso(alert.since_ms),
            "reason": alert.reason.value,
        }
    )


def state_payload(seen: engine.BedView, others: Mapping[str, float] | None = None) -> bytes:
    """Return the payload of `state`: the bed at its last judged minute.

    `others` are the newest values of roles that nothing judges, by wire field.
    """
    return _dump(
        {
            "v": VERSION,
            "at": iso(seen.at_ms),
            "in_bed": seen.in_bed,
            "legs": seen.legs,
            "still_min": None if seen.still_s is None else seen.still_s // 60,
            "leg_c": seen.leg_c,
            "room_c": seen.room_c,
            "cold_in_min": seen.cold_in_min,
            **(others or {}),
        }
    )


def _dump(body: dict[str, object]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()
