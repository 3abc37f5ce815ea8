"""When the sleeper last turned, and since when the sleeper lies still; None if nobody can say."""

from legwatch.limits.rules import Rules
from legwatch.signals.occupancy import Occupancy
from legwatch.signals.sensed import Sensed

ENTRY_MS = 600_000  # before a mat believes it, somebody may already have got into bed


def last_turn_ms(sensors: Sensed, presence: Occupancy) -> int | None:
    """Return when the sleeper last turned, UTC ms.

    A sensor that is silent cannot say, nor one that has seen nobody turn since bedtime.
    """
    turned, entered = sensors.movement.turned_ms, presence.entered_ms
    blind = entered is not None and (turned or 0) < entered - ENTRY_MS
    return None if blind or not sensors.movement_known else turned


def still_since_ms(sensors: Sensed, presence: Occupancy, rules: Rules) -> int | None:
    """Return since when the sleeper lies still, UTC ms.

    It counts only time that was watched, in bed, by a sensor that has seen a movement since entry:
    a blind sensor looks like stillness.
    """
    if presence.in_bed is not True or presence.entered_ms is None:
        return None
    turned, heard = sensors.movement.turned_ms, sensors.movement.heard_since_ms
    if turned is None or heard is None or not sensors.movement_known:
        return None
    if turned < presence.entered_ms - rules.presence.moves_in_s * 1000:
        return None
    if sensors.at_ms - turned > rules.stillness.proof_s * 1000:
        return None
    return max(turned, presence.entered_ms, heard)
