"""Is somebody in bed: yes, no, or unknown. Without a mat "empty or uncovered" is unknown."""

from collections.abc import Sequence
from typing import NamedTuple

from legwatch.limits.rules import Rules
from legwatch.named_tuples import maker
from legwatch.rounding import thousandths
from legwatch.signals.bed_warmth import BedWarmth
from legwatch.signals.movement import Movement
from legwatch.signals.sensed import Sensed
from legwatch.signals.thermometer import RECENT_SAMPLES, Thermometer, rise_20_min_c

WARMS_WITHIN_MS = 2_700_000  # a bed warms 2 C within this time after somebody has got in
GAP_MS = 5_400_000  # a stay in bed goes on over a gap in the readings of up to this
TURNING_MS = 180_000  # a turn so long after the air became the room's is not what made it so
# A mat that says empty while the air stays as warm as a body makes it, or somebody turns, is wrong.
EMPTY_MS, EMPTY_TURNS_MS, APART_MS = 1_500_000, 900_000, 300_000
FEWEST_TURNS = 2
UNSTIRRED_MS = 3_600_000  # who sleeps stirs within this time
WARMED_BY_MS = 1_800_000  # from the entry until the air is that of a bed
FLAT_C = 1.0  # an empty bed far above the room falls by more than this in 20 min
STEADY_C = 0.3  # under a thick cover by more than this
STAYS_MS = 1_200_000
LET_GO_MS = 600_000  # a mat that lets go as somebody turns: nobody is up and back so soon unfelt
AGREES_MS = 900_000  # a mat that says "occupied" of a warm bed for so long is believed again


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
    unseen_ms: int | None = None  # the same, because readings are missing
    air_left: bool = False  # only the air, which is the room's, says that the bed was left
    slipped_ms: int | None = None  # somebody turns in air that is the room's, since then
    mat_doubted_ms: int | None = None  # the mat contradicts the other sensors since then
    stayed_ms: int | None = None  # who seemed to get up then had not: the bed stayed warm


_make = maker(Occupancy)
MatSample = tuple[int, bool]  # (at_ms, what the mat said)


def update(
    was: Occupancy,
    mat_samples: Sequence[MatSample],
    sensors: Sensed,
    warmth: BedWarmth,
    rules: Rules,
    *,
    offset_c: float,
) -> Occupancy:
    """Judge one minute; `offset_c` is what leg and room sensor differ by.

    `warmth` is the one of the minute before: it is made of what is returned here.
    """
    at_ms, leg, room, movement, drop_c, _, _ = sensors
    leg_c, room_c = leg.celsius, room.celsius
    in_bed, entered, settled, left, mat, since, heard, fell, at_room_air, lost, unseen = was[:11]
    air_left, slipped, doubted, stayed = was[11:]
    for when, sample in mat_samples:
        if sample is not mat:
            mat, since = sample, when
    if mat_samples:
        heard = mat_samples[-1][0]
    contrast_c = None
    if leg_c is not None and room_c is not None:
        contrast_c = thousandths(leg_c - room_c - offset_c)
    fresh = heard is not None and at_ms - heard <= rules.health.stale_s * 1000
    if not fresh:
        mat = since = None
    if contrast_c is None or contrast_c >= rules.presence.empty_contrast_c:
        at_room_air = None
    elif at_room_air is None:
        at_room_air = at_ms
    empty = at_room_air is not None and _is_empty(at_room_air, sensors, rules)
    if fresh and (not mat or empty or doubted is not None):  # else, as in most minutes, it is not
        doubted = _doubted(was, sensors, warmth, (mat, since), empty=empty)
    if movement.exit_or_entry_ms != stayed:
        stayed = _stayed_ms(was, sensors, warmth)
    by_mat = fresh and doubted is None
    if by_mat:
        air_left, slipped = False, None
    elif drop_c >= rules.presence.doubt_fall_c:
        fell = at_ms
    now = _make(
        (
            in_bed,
            entered,
            settled,
            left,
            mat,
            since,
            heard,
            fell,
            at_room_air,
            lost,
            unseen,
            air_left,
            slipped,
            doubted,
            stayed,
        )
    )
    if by_mat:
        if mat and in_bed is False and has_let_go(now, movement, at_ms):
            return now._replace(in_bed=True, left_ms=None)
        return now if mat is in_bed else _by_mat(now, at_ms, rules)
    if doubted is not None and was.mat_doubted_ms is None:
        now = now._replace(in_bed=None, left_ms=None, lost_ms=None)
    warm = warmth.warm_ms is not None
    return _by_air(now, sensors, contrast_c, rules, warm=warm, empty=empty)


def set_unknown(now: Occupancy, at_ms: int, *, unseen: bool = False) -> Occupancy:
    """Set the occupancy to unknown; remember when somebody was last known to be in bed.

    `unseen`: because readings are missing, and not because of what they say.
    """
    if not now.in_bed:
        return now._replace(in_bed=None)
    return now._replace(in_bed=None, lost_ms=at_ms, unseen_ms=at_ms if unseen else None)


def _is_empty(at_room_air_ms: int, sensors: Sensed, rules: Rules) -> bool:
    """Return True if the air has been the room's for long, and nothing has moved in it."""
    at_ms, movement = sensors.at_ms, sensors.movement
    if not sensors.movement_known or sensors.leg.celsius is None:
        return False
    moved_ms = movement.moved_ms[-1] if movement.moved_ms else 0
    quiet_ms = at_ms - max(moved_ms, movement.heard_since_ms or 0)
    return at_ms - at_room_air_ms >= rules.presence.empty_s * 1000 <= quiet_ms


def _doubted(
    was: Occupancy,
    sensors: Sensed,
    warmth: BedWarmth,
    word: tuple[bool | None, int | None],
    *,
    empty: bool,
) -> int | None:
    """Return since when the mat cannot be believed; None: it can.

    It says empty of a bed with a body in it, or occupied of one that is empty by all the others.
    """
    at_ms, warm_ms = sensors.at_ms, warmth.warm_ms
    mat, since_ms = word
    if since_ms is None:
        return was.mat_doubted_ms
    held_ms = at_ms - since_ms
    if mat:
        if was.mat_doubted_ms is None:
            return at_ms if empty and held_ms >= EMPTY_MS else None
        agrees = warm_ms is not None and at_ms - max(warm_ms, since_ms) >= AGREES_MS
        return None if agrees else was.mat_doubted_ms
    if was.mat_doubted_ms is not None:
        return was.mat_doubted_ms
    if warm_ms is None or held_ms < EMPTY_TURNS_MS or at_ms - warm_ms < APART_MS:
        return None
    # In air that falls, two may be somebody who makes the bed, or a pet.
    most = FEWEST_TURNS if _stays_warm(sensors.leg) else FEWEST_TURNS + 1
    turns = [turn for turn in sensors.movement.turns_ms if turn - since_ms >= APART_MS]
    turning = (
        sensors.movement_known
        and len(turns) >= most
        and turns[-1] >= warm_ms
        and turns[-1] - turns[-most] >= APART_MS
    )
    entered = was.entered_ms is not None
    stirred = _stirred(sensors, since_ms, warm_ms - WARMED_BY_MS if entered else warm_ms)
    fallen_c = FLAT_C if stirred else STEADY_C
    stays = held_ms >= EMPTY_MS and (entered or stirred) and _stays_warm(sensors.leg, fallen_c)
    return at_ms if turning or stays else None


def _stirred(sensors: Sensed, since_ms: int, from_ms: int) -> bool:
    """Return True if who warms the bed has moved: a thick cover keeps an empty one warm, too.

    An electric blanket warms a bed into which nobody has got.
    """
    moved_ms = sensors.movement.moved_ms
    if not sensors.movement_known:
        return True
    return bool(moved_ms) and moved_ms[-1] >= max(since_ms + APART_MS, from_ms)


def _stays_warm(leg: Thermometer, fallen_c: float = FLAT_C) -> bool:
    """Return True if the air has not fallen by more than that within twenty minutes."""
    if leg.celsius is None or len(leg.recent_c) < RECENT_SAMPLES:
        return False
    return max(leg.recent_c) - leg.celsius <= fallen_c


def has_let_go(now: Occupancy, movement: Movement, at_ms: int) -> bool:
    """Return True if a mat has said empty for some minutes, and nobody was felt to get up."""
    left_ms, stood_ms = now.left_ms, movement.exit_or_entry_ms
    if now.in_bed is not False or now.mat_ms is None or left_ms is None or not movement.counts:
        return False
    if at_ms - left_ms > LET_GO_MS or (stood_ms or 0) > left_ms - LET_GO_MS:
        return False
    return movement.turned_ms is not None and movement.turned_ms > left_ms - LET_GO_MS


def _by_mat(now: Occupancy, at_ms: int, rules: Rules) -> Occupancy:
    limits = rules.presence
    if now.mat_since_ms is None:
        return now
    hold_s = limits.mat_in_s if now.mat else limits.mat_out_s
    if at_ms - now.mat_since_ms < hold_s * 1000:
        return now
    if now.mat:
        return _enter(now, now.mat_since_ms, at_ms, rules)
    # A bed that was never seen with somebody in it has not been left.
    left_ms = None if now.entered_ms is None else now.mat_since_ms
    return now._replace(in_bed=False, left_ms=left_ms, unseen_ms=None)


def _enter(now: Occupancy, when: int, at_ms: int, rules: Rules) -> Occupancy:
    """Begin a stay at `when`, or continue a stay if the occupancy was unknown for a short time."""
    lost = now.in_bed is None and now.entered_ms is not None and now.left_ms is None
    if lost and now.lost_ms is not None:
        longest_ms = rules.presence.return_s * 1000 if now.unseen_ms is None else GAP_MS
        if at_ms - now.lost_ms <= longest_ms:
            return now._replace(in_bed=True, lost_ms=None, unseen_ms=None)
        when = at_ms  # nobody saw whether the sleeper was up in between
    if _is_back(now, when, rules):
        settled = max(now.settled_ms, when + rules.warmth.settle_return_s * 1000)
    else:
        settled = when + rules.warmth.settle_s * 1000
    return now._replace(
        in_bed=True,
        entered_ms=when,
        settled_ms=settled,
        left_ms=None,
        lost_ms=None,
        unseen_ms=None,
        air_left=False,
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


def _by_air(
    now: Occupancy,
    sensors: Sensed,
    contrast: float | None,
    rules: Rules,
    *,
    warm: bool,
    empty: bool,
) -> Occupancy:
    """Judge by the air and the movement; `warm`: only a body makes the air as warm as it is."""
    limits = rules.presence
    at_ms, leg, _, movement, _, movement_known, _ = sensors
    fell = now.fell_ms
    if not movement_known or leg.celsius is None:
        return set_unknown(now, at_ms, unseen=True)
    now = _slipped(now, movement, contrast, at_ms, rules)
    moved = movement.moved_ms[-1] if movement.moved_ms else None
    quiet_ms = at_ms - max(moved or 0, movement.heard_since_ms or 0)
    if empty and now.slipped_ms is not None:
        return set_unknown(now, at_ms)  # by such a sensor every bed is empty
    if empty:
        left = now.left_ms if now.in_bed is False else at_ms
        by_air = now.in_bed is True or now.unseen_ms is not None or now.air_left
        return now._replace(in_bed=False, left_ms=left, unseen_ms=None, air_left=by_air)
    stood = movement.exit_or_entry_ms
    if now.in_bed:
        fell_since = fell is not None and moved is not None and fell >= moved
        doubtful = fell_since and quiet_ms >= limits.doubt_s * 1000
        if doubtful and may_have_left(movement, now, rules):
            return set_unknown(now, at_ms)
        if stood == at_ms:  # out of bed, or back in it
            settled = at_ms + rules.warmth.settle_return_s * 1000
            return now._replace(settled_ms=max(now.settled_ms, settled))
        return now
    if now.in_bed is None and now.lost_ms is not None and now.unseen_ms is None:
        turned = movement.turned_ms
        if turned is not None and turned > now.lost_ms and not may_have_left(movement, now, rules):
            return now._replace(in_bed=True, lost_ms=None)  # who turns is there
    warming = _warming(leg, contrast, rules)
    if now.unseen_ms is not None and at_ms - now.unseen_ms <= GAP_MS and warming:
        return now._replace(in_bed=True, lost_ms=None, unseen_ms=None)
    if not warming:
        return now
    if stood is not None and at_ms - stood <= WARMS_WITHIN_MS and stood > (now.left_ms or 0):
        return _enter(now, stood, at_ms, rules)
    # Of a sensor that does not count, and holds its line, few movements come.
    moved_lately = warm and moved is not None and at_ms - moved <= WARMS_WITHIN_MS
    if moved_lately and moved is not None and moved > (now.left_ms or 0):
        return _enter(now, at_ms, at_ms, rules)
    return _enter(now, at_ms, at_ms, rules) if _stirring(movement, at_ms, rules) else now


def _slipped(
    now: Occupancy, movement: Movement, contrast: float | None, at_ms: int, rules: Rules
) -> Occupancy:
    """Note since when somebody turns in a bed whose air is the room's; contrast ends it."""
    if contrast is not None and contrast >= rules.presence.rise_c:
        return now if now.slipped_ms is None else now._replace(slipped_ms=None)
    if now.slipped_ms is not None or now.at_room_air_since_ms is None:
        return now
    watched = now.in_bed or now.air_left
    turned = movement.turned_ms
    if watched and turned is not None and turned - now.at_room_air_since_ms >= TURNING_MS:
        return now._replace(slipped_ms=at_ms)
    return now


def believed_mat(now: Occupancy) -> bool | None:
    """Return what a mat says; None: there is none, or the other sensors contradict it."""
    return now.mat if now.mat_doubted_ms is None else None


def has_returned(now: Occupancy, rules: Rules) -> bool:
    """Return True if the stay began after a short absence from the same warm bed."""
    if now.entered_ms is None:
        return False
    return now.settled_ms - now.entered_ms < rules.warmth.settle_s * 1000


def _stayed_ms(was: Occupancy, sensors: Sensed, warmth: BedWarmth) -> int | None:
    """Return when somebody last seemed to get up, and had not: an empty bed would have cooled."""
    stood = sensors.movement.exit_or_entry_ms
    if stood is None or stood == was.stayed_ms or warmth.warm_ms is None:
        return was.stayed_ms
    waited_ms = sensors.at_ms - stood
    return stood if waited_ms >= STAYS_MS and _stays_warm(sensors.leg) else was.stayed_ms


def may_have_left(movement: Movement, occupancy: Occupancy, rules: Rules) -> bool:
    """Say whether a bed that cools may be empty.

    A sensor that counts feels somebody get in or out; who has turned since then is still there, and
    so is who kept the bed warm.
    """
    if not movement.counts:
        return True
    stood, turned = movement.exit_or_entry_ms, movement.turned_ms
    if stood is None or turned is None or stood == occupancy.stayed_ms:
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
