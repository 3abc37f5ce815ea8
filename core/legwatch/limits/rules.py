"""The limits that the engine judges by. Their values, ranges and sources are in config/profiles.

A limit has no default here: its value is in a profile only. Times are whole seconds. The engine
decides once a minute, so a time that is no multiple of 60 s takes effect at the next minute.

The groups are NamedTuples: each start of a command defines them, six times as fast as dataclasses.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import cache
from typing import Any, NamedTuple

from legwatch.night import in_hours


class PresenceLimits(NamedTuple):
    """When somebody counts as being in bed."""

    mat_in_s: int
    mat_out_s: int
    moves_in: int
    moves_in_s: int
    rise_c: float
    warm_c: float
    doubt_s: int
    doubt_fall_c: float
    empty_contrast_c: float
    empty_s: int
    return_s: int
    stand_moves: int
    stand_s: int


class WarmthLimits(NamedTuple):
    """When the legs count as cold, and when as warm again."""

    settle_s: int
    settle_return_s: int
    baseline_s: int
    warn_c: float
    warn_drop_c: float
    warn_hold_s: int
    plain_c: float
    plain_hold_s: int
    contrast_k: float
    clear_c: float
    clear_near_c: float
    clear_drop_c: float
    clear_hold_s: int
    urgent_c: float
    urgent_hold_s: int
    urgent_clear_c: float
    not_answered_s: int
    warm_room_c: float
    cold_room_c: float
    cold_room_s: int
    cold_start_s: int
    cold_start_c: float
    wakeful_s: int
    draught_contrast_c: float
    draught_k: float
    draught_s: int
    skin_c: float
    uncovered_fall_c: float
    recover_c: float
    change_share: float
    change_sure: float
    restless_s: int
    clear_share: float
    covered_c: float
    slipped_c: float
    slip_doubt: float
    early_s: int


class StillnessLimits(NamedTuple):
    """How long lying still is too long. 0 switches a limit off."""

    posture_moves: int
    counting_moves: int
    first_cycle_s: int
    log_s: int
    warn_s: int
    urgent_s: int
    joint_s: int
    proof_s: int
    silent_s: int


class CareLimits(NamedTuple):
    """A carer's own limits; they replace the stillness limits. 0: no care plan."""

    warn_s: int
    urgent_s: int


class HealthLimits(NamedTuple):
    """When a reading is accepted, and when a missing or wrong reading raises an alert."""

    lowest_c: float
    highest_c: float
    power_on_c: float
    jump_c: float
    jump_agree: int
    stale_s: int
    alert_s: int
    stuck_s: int
    frozen_s: int
    slipped_s: int
    agent_s: int
    back_s: int


class AlertLimits(NamedTuple):
    """When an alert fires again, repeats, waits or is suppressed; how often people are woken."""

    rearm_s: int
    repeat_urgent_s: int
    repeat_urgent: int
    unknown_s: int
    wait_s: int
    budget: int
    budget_gap_s: int
    fresh_s: int
    learn_nights: int
    learn_urgent: int


class NightHours(NamedTuple):
    """Local hours, 0-24, in which sensor and agent alerts fire; `to_h` - `from_h` = 24: always."""

    from_h: int
    to_h: int


class DampLimits(NamedTuple):
    """When the air in the bed counts as damp, and from how long on that is told."""

    kpa: float
    rh_pct: float
    above_room_kpa: float
    clear_kpa: float
    hold_s: int
    note_s: int


class EveningLimits(NamedTuple):
    """When the room counts as cold before bed."""

    room_c: float
    room_s: int


class OutLimits(NamedTuple):
    """When a bed that was left in the night is told to those who ask for it."""

    after_s: int
    until_h: int


@dataclass(frozen=True, slots=True)
class Rules:
    """Every limit of one bed."""

    presence: PresenceLimits
    warmth: WarmthLimits
    stillness: StillnessLimits
    care: CareLimits
    health: HealthLimits
    alerts: AlertLimits
    night: NightHours
    damp: DampLimits
    evening: EveningLimits
    out: OutLimits
    zone: tzinfo  # the bed's, for the night hours and the date of a night


def limit(rules: Rules, path: str) -> float:
    """Return the limit at a dotted path, such as warmth.warn_c."""
    group, _, key = path.partition(".")
    return float(getattr(getattr(rules, group), key))


def is_night(at_ms: int, rules: Rules) -> bool:
    """Return True in the bed's night hours, in which sensor and agent alerts fire."""
    return in_hours(at_ms, rules.zone, rules.night.from_h, rules.night.to_h)


@cache
def always_night(rules: Rules) -> Rules:
    """Return the rules with every hour a night hour: nobody knows what time it is.

    A night still begins at its own hour, so that nothing is said again because of this.
    """
    from_h = rules.night.from_h
    return replace(rules, night=NightHours(from_h, from_h + 24))


Limit = Mapping[str, Any]  # value, range = [low, high], source
