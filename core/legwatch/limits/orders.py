"""Limits that only make sense in one order, such as the end of an alert above its beginning.

Each limit has its own range in the profile. Two that are both allowed can still contradict each
other: then an alert would end and begin again all night, or never come.
"""

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from legwatch.errors import SettingsError
from legwatch.limits.rules import Rules, limit

_AGAIN = "else an alert ends while it is cold, and fires again and again"
_FIRST = "else the urgent alert comes before the warning"


def _always(_rules: Rules) -> bool:
    return True


def _judges_the_room(rules: Rules) -> bool:
    return rules.warmth.cold_room_c > 0


def _is_warm_below_warn(rules: Rules) -> bool:
    return rules.warmth.clear_near_c < rules.warmth.warn_c


class Order(NamedTuple):
    """Two limits: `lower` may not be over `upper`. A limit that is off (0) is in every order."""

    lower: str
    upper: str
    why: str
    when: Callable[[Rules], bool] = _always


ORDERS = (
    Order("warmth.plain_c", "warmth.clear_c", _AGAIN),
    Order("warmth.warn_c", "warmth.clear_c", _AGAIN),
    Order("warmth.plain_c", "warmth.clear_near_c", _AGAIN),
    Order("warmth.warn_c", "warmth.clear_near_c", _AGAIN, when=_judges_the_room),
    Order("warmth.clear_drop_c", "warmth.warn_drop_c", _AGAIN, when=_is_warm_below_warn),
    Order("warmth.warn_c", "warmth.covered_c", _AGAIN),
    Order("warmth.clear_share", "warmth.change_share", _AGAIN),
    Order("warmth.urgent_c", "warmth.urgent_clear_c", "else it is urgent and not urgent at once"),
    Order("warmth.urgent_c", "warmth.plain_c", _FIRST),
    Order("warmth.urgent_c", "warmth.warn_c", _FIRST),
    Order("damp.clear_kpa", "damp.kpa", "else the air is damp and not damp at once"),
    Order("stillness.warn_s", "stillness.urgent_s", _FIRST),
    Order("care.warn_s", "care.urgent_s", _FIRST),
    Order(
        "warmth.settle_return_s",
        "warmth.settle_s",
        "else a bed that was left for a while counts as colder than a new one",
    ),
    Order(
        "presence.empty_contrast_c",
        "presence.rise_c",
        "else the same warmth shows that somebody is in bed and that nobody is",
    ),
    Order(
        "stillness.posture_moves",
        "presence.stand_moves",
        "else each turn counts as somebody who gets up",
    ),
)


def check_orders(
    rules: Rules, own: Collection[str] = (), key_of: Callable[[str], str] = str
) -> None:
    """Raise SettingsError for two limits that contradict each other.

    It names the one of the two that is in `own`, the limits that the owner has set; `key_of` names
    the key by which the owner sets a limit.
    """
    for path, problem in _contradictions(rules, own, key_of):
        raise SettingsError(key_of(path), problem)


def _contradictions(
    rules: Rules, own: Collection[str], key_of: Callable[[str], str]
) -> Iterator[tuple[str, str]]:
    for lower, upper, why, when in ORDERS:
        low, high = limit(rules, lower), limit(rules, upper)
        if low and high and low > high and when(rules):
            if upper in own or lower not in own:
                yield upper, f"{high:g} is less than {key_of(lower)} ({low:g}); {why}"
            else:
                yield lower, f"{low:g} is more than {key_of(upper)} ({high:g}); {why}"
    night = rules.night
    if night.from_h == night.to_h:
        path = "night.from_h" if "night.from_h" in own else "night.to_h"
        yield path, f"a night from {night.from_h} to {night.to_h} h has no hour; no fault is told"
