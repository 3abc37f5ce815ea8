"""How long a quiet alert waits for a movement of the sleeper before it makes a sound.

A sleeper who moves is half awake. The wait begins with the early sign, which was told as quietly.
"""

from legwatch.conditions.cold_memory import ColdMemory
from legwatch.events import AlertKind
from legwatch.limits.rules import Rules
from legwatch.observation import Observation
from legwatch.signals.occupancy import believed_mat

LEAST_MS = 60_000
# A mat knows that somebody is there: what is left to wait for is that the cover comes back.
SHARE_BY_MAT = 0.6


def ends_ms(kind: AlertKind, cold: ColdMemory, seen: Observation, rules: Rules) -> int:
    """Return until when an alert that begins now waits, UTC ms."""
    wait_ms, begun = rules.alerts.wait_s * 1000, cold.cover.begun
    if kind is not AlertKind.COLD or begun is None or not rules.warmth.early_s:
        return seen.at_ms + wait_ms
    share = SHARE_BY_MAT if believed_mat(seen.occupancy) else 1.0
    return max(seen.at_ms + LEAST_MS, begun.since_ms + round(share * wait_ms))
