"""One estimate of the cover: a sign when it is off or nobody lies there, a sound for bare legs."""

from collections.abc import Callable

import pytest

from bare_bed import BED_MIN, OFF_MIN, air, leaves, sleeper
from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions import cover, cover_reasons
from legwatch.conditions.cover import Cover, SinceFeatures
from legwatch.conditions.cover_features import LETTERS, UNKNOWN, CoverFeatures
from legwatch.conditions.cover_model import BARE, NOT_BARE, NOT_OFF, OFF
from legwatch.conditions.verdict import Reason, Severity
from legwatch.engine import replay
from legwatch.events import AlertKind
from legwatch.testing import night
from repository import rules

MINUTE_MS = 60_000
FIELDS = (*CoverFeatures._fields, *SinceFeatures._fields)
SEEN = CoverFeatures(*[0.0] * len(CoverFeatures._fields))
COLD = AlertKind.COLD


def after(*likely: float, was: Cover = cover.NOTHING, begin: int = 1, moved_s: float = 0) -> Cover:
    """Take minutes of a fall in, each with its probability."""
    for n, off in enumerate(likely, begin):
        was = cover.sign(was, SEEN, off, moved_s, n * MINUTE_MS)
    return was


def test_a_sign_begins_when_a_covered_bed_is_likely_not_so_any_more() -> None:
    calm = after(*[0.1] * cover.CALM_MIN)
    assert after(0.9, was=calm).begun is None, "one minute is none"
    assert after(0.9, 0.5, 0.9, was=calm).begun is None
    begun = after(0.9, 0.9, was=calm, begin=10).begun
    assert begun is not None
    assert begun.since_ms == 11 * MINUTE_MS


def test_a_bed_that_was_never_covered_gives_no_sign() -> None:
    assert after(*[0.95] * 30).begun is None
    assert after(0.1, 0.1, *[0.95] * 30).begun is None


def test_a_sign_stands_until_it_is_improbable_for_a_while() -> None:
    stands = after(*[0.1] * 5, 0.9, 0.9)
    assert after(0.5, 0.1, 0.1, 0.5, 0.1, was=stands).begun is not None
    assert after(0.1, 0.1, 0.1, was=stands).begun is None
    for n in range(3):
        stands = cover.calm(stands, 0.0, (20 + n) * MINUTE_MS)
    assert stands.begun is None, "nothing falls any more"


def test_it_remembers_what_has_moved_since() -> None:
    stands = after(*[0.1] * 5, 0.9, 0.9)
    moved = after(0.9, 0.9, was=stands, begin=20, moved_s=4.0).begun
    assert moved is not None
    since = cover.since_features(moved, SEEN, 0.9, 25 * MINUTE_MS)
    assert (since.moved_s, since.moved_min, since.rest_min) == (8.0, 2, 4)


def test_the_models_ask_for_what_there_is() -> None:
    assert len(set(LETTERS)) == len(LETTERS) >= len(FIELDS)
    assert not set(LETTERS) & set("0123456789-.")
    for text, fields in ((OFF, CoverFeatures._fields), (BARE, FIELDS)):
        asked = {word[0] for word in text.split() if word[0] not in "0123456789-"}
        assert asked
        assert asked <= set(LETTERS[: len(fields)])
    assert (len(NOT_OFF), len(NOT_BARE)) == (len(CoverFeatures._fields), len(FIELDS))


def test_each_feature_belongs_to_one_quantity() -> None:
    named = [name for names in cover_reasons.PARTS for name in names.split()]
    assert len(set(named)) == len(named)
    assert set(named) <= set(FIELDS)


def told(
    moves: Callable[[float], int | None],
    *,
    mat: Callable[[float], bool | None] = lambda _m: None,
    minutes: int = 400,
    **own: float,
) -> list[Notice]:
    windows = night(
        begin="2026-01-02T20:00Z",
        minutes=minutes,
        leg=air,
        room=lambda _m: None,
        moves=moves,
        mat=mat,
    )
    limits = rules("standard", zone="UTC", alerts__learn_nights=0, warmth__early_s=600, **own)
    return [notice for notice in replay(windows, limits) if notice.kind is COLD]


def sounds(notices: list[Notice]) -> list[Notice]:
    return [n for n in notices if n.suppressed_by is None and n.transition in _MAY_SOUND]


_MAY_SOUND = {TransitionKind.FIRED, TransitionKind.ESCALATED, TransitionKind.RENOTIFIED}


def minute(notice: Notice) -> int:
    return (notice.at_ms - 1767384000000) // MINUTE_MS


def test_bare_legs_give_a_sign_then_an_alert_then_a_sound() -> None:
    sign, alert, *later = told(sleeper)
    assert (sign.transition, sign.reason) == (TransitionKind.EXPECTED, Reason.OFF_OR_EMPTY)
    assert sign.suppressed_by is SuppressedBy.EARLY_SIGN
    assert OFF_MIN < minute(sign) <= OFF_MIN + 15
    assert alert.suppressed_by is SuppressedBy.HOLD
    assert sounds(later)
    assert minute(sounds(later)[0]) <= OFF_MIN + 40


def test_who_gets_up_gives_a_sign_and_no_sound() -> None:
    notices = told(leaves)
    assert [n.transition for n in notices][:1] == [TransitionKind.EXPECTED]
    assert sounds(notices) == []


def test_beside_a_mat_no_movement_sensor_is_needed() -> None:
    assert sounds(told(lambda _m: None, mat=lambda m: m >= BED_MIN))
    up = told(lambda _m: None, mat=lambda m: BED_MIN <= m < OFF_MIN)
    assert up == [], "the mat knows that nobody lies there"


def test_the_owner_may_ask_for_more_or_switch_it_off() -> None:
    off = told(sleeper, warmth__change_sure=1.0)
    assert all(n.rule is None or n.rule.path != "warmth.change_sure" for n in off)
    asks = sounds(told(sleeper, warmth__change_sure=0.99))
    assert minute(asks[0]) >= minute(sounds(told(sleeper))[0])
    assert all(n.severity is Severity.WARNING for n in asks[:1])


def test_a_notice_names_the_quantities_that_moved_it_most() -> None:
    sign, alert, *_ = told(sleeper)
    for notice in (sign, alert):
        named = str(dict(notice.figures)["counted"]).split(",")
        assert 1 <= len(named) <= cover_reasons.MOST
        assert set(named) <= {quantity.value for quantity in cover_reasons.Quantity}
    assert dict(sign.figures)["counted"].startswith("fall")  # type: ignore[union-attr]


def test_what_no_sensor_tells_has_a_value_of_its_own() -> None:
    assert UNKNOWN < 0
    assert not any(value == UNKNOWN for value in SEEN)


@pytest.mark.parametrize("minutes", [0.0, 10.0, 15.0, 20.0, 60.0])
def test_a_sound_must_be_less_sure_the_longer_a_sign_stands(minutes: float) -> None:
    now, later = (cover.sure(0.93, m, by_mat=False) for m in (minutes, minutes + 1))
    assert 0.6 <= round(later, 6) <= now <= 0.93
    assert cover.sure(0.93, minutes, by_mat=True) <= now
