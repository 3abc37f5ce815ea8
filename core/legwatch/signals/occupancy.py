"""Is somebody in bed: yes, no, or unknown. Without a mat "empty or uncovered" is unknown."""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.limits.rules import Rules
from legwatch.named_tuples import maker
from legwatch.signals.movement import Movement
from legwatch.signals.sensed import Sensed
from legwatch.signals.thermometer import Thermometer, rise_20_min_c

WARMS_WITHIN_MS = 2_700_000  # a bed warms 2 C within this time after somebody has got in


class Occupancy(NamedTuple):
    """What is known of the bed's occupancy, UTC ms."""

    in_bed: bool | None = None
    entered_ms: int | None = None  # of the present or the last stay
    settled_ms: int = 0  # no cold alert before
    left_ms: int | None = None
    mat: bool | None = None  # what the mat says, not yet debounced
    mat_since_ms: int | None = None
    mat_ms: int | None = None  # the last word of the mat
    fell_ms: int | None = None  # when the bed air last fell fast
    at_room_air_since_ms: int | None = None  # bed air as cold as room air since
    lost_ms: int | None = None  # in bed when last seen, and not seen since


_make = maker(Occupancy)
MatSample = tuple[int, bool]  # (at_ms, what the mat said)


def update(
    was: Occupancy,
    mat_samples: Sequence[MatSample],
    sensors: Sensed,
    rules: Rules,
    *,
    offset_c: float,
) -> Occupancy:
    """Judge one minute; `offset_c` is what leg and room sensor differ by."""
    at_ms = sensors.at_ms
    mat, since, heard = was.mat, was.mat_since_ms, was.mat_ms
    for when, sample in mat_samples:
        if sample is not mat:
            mat, since = sample, when
        heard = when
    if heard is not None and at_ms - heard <= rules.health.stale_s * 1000:
        in_bed, entered, settled, left, _, _, _, fell, at_room_air, lost = was
        now = _make((in_bed, entered, settled, left, mat, since, heard, fell, at_room_air, lost))
        return _by_mat(now, at_ms, rules)
    return _without_mat(was, sensors, rules, offset_c)


def set_unknown(now: Occupancy, at_ms: int) -> Occupancy:
    """Set the occupancy to unknown; remember when somebody was last known to be in bed."""
    return now._replace(in_bed=None, lost_ms=at_ms if now.in_bed else now.lost_ms)


def _by_mat(now: Occupancy, at_ms: int, rules: Rules) -> Occupancy:
    limits = rules.presence
    if now.mat is now.in_bed or now.mat_since_ms is None:
        return now
    hold_s = limits.mat_in_s if now.mat else limits.mat_out_s
    if at_ms - now.mat_since_ms < hold_s * 1000:
        return now
    if now.mat:
        return _enter(now, now.mat_since_ms, at_ms, rules)
    # A bed that was never seen with somebody in it has not been left.
    left_ms = None if now.entered_ms is None else now.mat_since_ms
    return now._replace(in_bed=False, left_ms=left_ms)


def _enter(now: Occupancy, when: int, at_ms: int, rules: Rules) -> Occupancy:
    """Begin a stay at `when`, or continue a stay if the occupancy was unknown for a short time."""
    lost = now.in_bed is None and now.entered_ms is not None and now.left_ms is None
    if lost and now.lost_ms is not None:
        if at_ms - now.lost_ms <= rules.presence.return_s * 1000:
            return now._replace(in_bed=True, lost_ms=None)
        when = at_ms  # nobody saw whether the sleeper was up in between
    if _is_back(now, when, rules):
        settled = max(now.settled_ms, when + rules.warmth.settle_return_s * 1000)
    else:
        settled = when + rules.warmth.settle_s * 1000
    return now._replace(
        in_bed=True, entered_ms=when, settled_ms=settled, left_ms=None, lost_ms=None
    )


def _is_back(now: Occupancy, when: int, rules: Rules) -> bool:
    """Return True after a short absence, as far as anybody saw when it began.

    Who was in bed when last seen, and was gone when the bed was seen again, left at any time.
    """
    if now.left_ms is None:
        return False
    longest_ms = rules.presence.return_s * 1000
    unseen_ms = 0 if now.lost_ms is None else now.left_ms - now.lost_ms
    return when - now.left_ms < longest_ms and unseen_ms <= longest_ms


def _without_mat(was: Occupancy, sensors: Sensed, rules: Rules, offset_c: float) -> Occupancy:
    limits = rules.presence
    at_ms, leg, room, movement, drop_c, movement_known = sensors
    contrast = None
    if leg.celsius is not None and room.celsius is not None:
        contrast = round(leg.celsius - room.celsius - offset_c, 3)
    fell = at_ms if drop_c >= limits.doubt_fall_c else was.fell_ms
    at_room_air = was.at_room_air_since_ms
    if contrast is None or contrast >= limits.empty_contrast_c:
        at_room_air = None
    elif at_room_air is None:
        at_room_air = at_ms
    now = _make((*was[:4], None, None, was.mat_ms, fell, at_room_air, was.lost_ms))
    if not movement_known or leg.celsius is None:
        return set_unknown(now, at_ms)
    moved = movement.moved_ms[-1] if movement.moved_ms else None
    quiet_ms = at_ms - max(moved or 0, movement.heard_since_ms or 0)
    if at_room_air is not None and at_ms - at_room_air >= limits.empty_s * 1000 <= quiet_ms:
        left = now.left_ms if now.in_bed is False else at_ms
        return now._replace(in_bed=False, left_ms=left)
    stood = movement.exit_or_entry_ms
    if now.in_bed:
        fell_since = fell is not None and moved is not None and fell >= moved
        doubtful = fell_since and quiet_ms >= limits.doubt_s * 1000
        if doubtful and may_have_left(movement, rules):
            return set_unknown(now, at_ms)
        if stood == at_ms:  # out of bed, or back in it
            settled = at_ms + rules.warmth.settle_return_s * 1000
            return now._replace(settled_ms=max(now.settled_ms, settled))
        return now
    if not _warming(leg, contrast, rules):
        return now
    if stood is not None and at_ms - stood <= WARMS_WITHIN_MS and stood > (now.left_ms or 0):
        return _enter(now, stood, at_ms, rules)
    return _enter(now, at_ms, at_ms, rules) if _stirring(movement, at_ms, rules) else now


def may_have_left(movement: Movement, rules: Rules) -> bool:
    """Say whether a bed that cools may be empty.

    A sensor that counts feels somebody get in or out; who has turned since then is still there.
    """
    if not movement.counts:
        return True
    stood, turned = movement.exit_or_entry_ms, movement.turned_ms
    if stood is None or turned is None:
        return False
    return turned <= stood + rules.presence.stand_s * 1000


def _stirring(movement: Movement, at_ms: int, rules: Rules) -> bool:
    recent = movement.moved_ms[-rules.presence.moves_in :]
    return (
        len(recent) == rules.presence.moves_in
        and at_ms - recent[0] <= rules.presence.moves_in_s * 1000
    )


def _warming(leg: Thermometer, contrast: float | None, rules: Rules) -> bool:
    if contrast is not None:
        return contrast >= rules.presence.rise_c
    warm = leg.celsius is not None and leg.celsius >= rules.presence.warm_c
    return warm or rise_20_min_c(leg) >= rules.presence.rise_c
