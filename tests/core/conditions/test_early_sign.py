"""Early signs: said before it is cold, without a sound, and not when nothing falls."""

from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.engine import advance, replay, start, view
from legwatch.events import AlertKind
from legwatch.testing import night, uncovering
from legwatch.text.message import text, title
from repository import rules

SLOW = 0.03  # C a minute


def signs(**own: float) -> list[Notice]:
    """Return the early signs of a night in which the legs lie bare from the 180th minute on."""
    given = replay(
        night(leg=uncovering((180, 260), uncovered_c=24.5)), rules(warmth__early_s=600, **own)
    )
    return [notice for notice in given if notice.transition is TransitionKind.EXPECTED]


def test_it_comes_before_the_alert_and_is_told_nobody() -> None:
    told = list(
        replay(night(leg=uncovering((180, 260), uncovered_c=24.5)), rules(warmth__early_s=600))
    )
    first, second = told[:2]
    assert (first.transition, first.severity, first.suppressed_by) == (
        TransitionKind.EXPECTED,
        Severity.LOG,
        SuppressedBy.EARLY_SIGN,
    )
    assert (second.kind, second.transition) == (AlertKind.COLD, TransitionKind.FIRED)
    assert first.at_ms < second.at_ms


def test_it_says_what_was_seen_and_when_it_will_be_cold() -> None:
    (sign,) = signs()
    figures = dict(sign.figures)
    assert isinstance(figures["in_min"], int)
    assert 1 <= figures["in_min"] <= 10
    assert title(sign) == "The cover may be off, or nobody lies there"
    said = text(sign)
    assert said.startswith(f"The air by your legs has fallen from {figures['high_c']} °C to ")
    assert f"At this pace it is cold in about {figures['in_min']} min." in said


def test_what_falls_too_slowly_to_be_a_cover_gives_none() -> None:
    falling = night(leg=lambda m: 30.0 if m < 120 else round(30.0 - SLOW * (m - 120), 1))
    told = replay(falling, rules(warmth__early_s=600))
    assert [n for n in told if n.transition is TransitionKind.EXPECTED] == []


def test_a_warm_night_has_none() -> None:
    given = replay(night(), rules(warmth__early_s=600))
    assert [notice for notice in given if notice.transition is TransitionKind.EXPECTED] == []


def test_it_can_be_switched_off_and_reached_further() -> None:
    assert signs(warmth__warn_c=28.0) == signs()
    off = replay(night(leg=uncovering((180, 260), uncovered_c=24.5)), rules(warmth__early_s=0))
    assert all(notice.transition is not TransitionKind.EXPECTED for notice in off)


def test_the_page_shows_it_while_it_holds() -> None:
    state, seen = start(), []
    limits = rules(warmth__early_s=600)
    for window in night(leg=uncovering((180, 260), uncovered_c=24.5)):
        state, _ = advance(state, window, limits)
        now = view(state)
        if now is not None and now.cold_in_min is not None:
            seen.append(now)
    assert seen
    assert all(look.legs == "warm" and not look.alerts for look in seen)
