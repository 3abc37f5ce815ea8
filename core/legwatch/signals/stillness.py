"""When the sleeper last turned, and since when the sleeper lies still; None if nobody can say."""

from legwatch.limits.rules import Rules
from legwatch.signals.movement import Movement
from legwatch.signals.occupancy import Occupancy, believed_mat
from legwatch.signals.sensed import Sensed
from legwatch.signals.turning import Turning

ENTRY_MS = 600_000  # before a mat believes it, somebody may already have got into bed
WARMS_MS = 1_800_000  # before the air shows it: nobody gets in without a movement, the last turn


def last_turn_ms(sensors: Sensed, presence: Occupancy) -> int | None:
    """Return when the sleeper last turned, UTC ms.

    A sensor that is silent cannot say, nor one that has seen nobody turn since bedtime.
    """
    _, _, _, movement, _, movement_known, _ = sensors
    turned, entered = movement.turned_ms, presence.entered_ms
    blind = entered is not None and (turned or 0) < entered - ENTRY_MS
    return None if blind or not movement_known else turned


def still_since_ms(sensors: Sensed, presence: Occupancy, rules: Rules) -> int | None:
    """Return since when the sleeper lies still, UTC ms.

    It counts only time that was watched, in bed, by a sensor that has seen a movement since entry:
    a blind sensor looks like stillness.
    """
    in_bed, entered = presence[:2]
    if in_bed is not True or entered is None:
        return None
    at_ms, _, _, movement, _, movement_known, _ = sensors
    _, heard, _, turned = movement[:4]
    if turned is None or heard is None or not movement_known:
        return None
    if turned < entered - rules.presence.moves_in_s * 1000:
        return None
    if at_ms - turned > rules.stillness.proof_s * 1000:
        return None
    return max(turned, entered, heard)


def posture_ms(movement: Movement, turning: Turning) -> int | None:
    """Return when the posture changed last, UTC ms.

    Each movement changes it, of a sensor that cannot tell, and as long as nothing is known of it.
    """
    if not movement.counts or turning.turned_ms is None:
        return movement.turned_ms
    return turning.turned_ms


def lies_still_ms(
    sensors: Sensed, presence: Occupancy, turning: Turning, rules: Rules
) -> int | None:
    """Return since when the sleeper has not changed the posture, UTC ms; twitches are none.

    As `still_since_ms`, but somebody whom only the air shows has got in with the last turn before.
    """
    in_bed, entered = presence[:2]
    if in_bed is not True or entered is None:
        return None
    at_ms, _, _, movement, _, movement_known, _ = sensors
    heard, turned = movement.heard_since_ms, posture_ms(movement, turning)
    if turned is None or heard is None or not movement_known:
        return None
    late_ms = WARMS_MS if believed_mat(presence) is None else 0
    if turned < entered - max(late_ms, rules.presence.moves_in_s * 1000):
        return None
    if at_ms - turned > rules.stillness.proof_s * 1000:
        return None
    return max(turned, heard, 0 if late_ms else entered)
