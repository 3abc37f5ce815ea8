"""A warning waits for a natural movement, within bounds; answers belong to what they answer."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from bare_bed import BED_MIN, OFF_MIN, air, sleeper
from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Reason, Severity
from legwatch.engine import advance as step
from legwatch.engine import replay, start
from legwatch.events import Ack, AlertKind, Event, Snooze
from legwatch.state_codec import from_json, to_json
from legwatch.testing import ms, night, uncovering, wobbling
from repository import rules

BEGIN = ms("2026-01-02T21:00Z")
PATIENT: dict[str, Any] = {"alerts__wait_s": 900, "warmth__clear_hold_s": 300}


def minute(notice: Notice) -> int:
    return (notice.at_ms - BEGIN) // 60_000


def still(*moved: int) -> Callable[[float], int | None]:
    """Move early in the night and in these minutes only."""
    return lambda m: 1 if (m < 170 and m % 7 == 0) or m in moved else 0


def said(events: Iterable[Event], kind: AlertKind = AlertKind.COLD, **own: Any) -> list[Notice]:
    """Return a kind's notices; lying still does not raise the cold ones, that is tested apart."""
    return [n for n in replay(events, rules(**{"stillness__joint_s": 0, **own})) if n.kind is kind]


def figures(notice: Notice) -> tuple[object, object]:
    given = dict(notice.figures)
    return given.get("waited_min"), given.get("wait_ended")


def test_without_a_movement_it_sounds_after_ten_minutes() -> None:
    fired, sounded, *_ = said(night(leg=uncovering((180, 230), uncovered_c=26), moves=still()))
    assert (fired.transition, fired.suppressed_by) == (TransitionKind.FIRED, SuppressedBy.HOLD)
    assert (sounded.transition, sounded.suppressed_by, sounded.reason) == (
        TransitionKind.RENOTIFIED,
        None,
        fired.reason,
    )
    assert minute(sounded) - minute(fired) == 10
    assert figures(sounded) == (10, "time")


@pytest.mark.parametrize(("mat", "after_min"), [(True, 6), (None, 10)])
def test_the_wait_begins_with_the_early_sign(mat: bool | None, after_min: int) -> None:
    """It was told as quietly. A mat knows that somebody is there, so there is less to wait for."""

    def turns(m: float) -> int:
        return sleeper(m) if m < OFF_MIN + 1 else 0

    def pressed(m: float) -> bool | None:
        return mat and m >= BED_MIN

    bed = night(leg=air, moves=turns, mat=pressed, minutes=420)
    sign, fired, sounded, *_ = said(bed, warmth__early_s=600)
    assert (sign.transition, fired.transition) == (TransitionKind.EXPECTED, TransitionKind.FIRED)
    assert minute(sign) < minute(fired) < minute(sounded)
    assert minute(sounded) - minute(sign) == after_min


def test_it_sounds_when_the_sleeper_moves() -> None:
    fired, *_ = said(night(leg=uncovering((180, 230), uncovered_c=23), moves=still()))
    for after in (2, 4, 6, 8):  # the fall comes to its end meanwhile
        moves = still(minute(fired) + after)
        fired, sounded, *_ = said(night(leg=uncovering((180, 230), uncovered_c=23), moves=moves))
        assert after <= minute(sounded) - minute(fired) <= after + 1
        assert figures(sounded)[1] == "moved"


def test_covered_again_while_it_waits_nobody_is_woken() -> None:
    both = said(night(leg=uncovering((180, 193), uncovered_c=25), moves=still()), **PATIENT)
    assert [(n.transition, n.suppressed_by) for n in both] == [
        (TransitionKind.FIRED, SuppressedBy.HOLD),
        (TransitionKind.RESOLVED, SuppressedBy.LOG_ONLY),
    ]
    assert figures(both[1])[1] == "over"


def test_a_silent_wait_costs_nothing_of_the_nights_budget() -> None:
    spans = ((180, 193), (330, 400))
    own: dict[str, Any] = {"alerts__budget": 1, **PATIENT}
    given = said(night(leg=uncovering(*spans, uncovered_c=25), moves=still(), minutes=440), **own)
    assert [n.transition for n in given if n.suppressed_by is None][:1] == [
        TransitionKind.RENOTIFIED
    ]
    assert [n for n in given if n.suppressed_by is SuppressedBy.BUDGET] == []


def test_what_is_urgent_never_waits() -> None:
    given = said(
        night(leg=uncovering((180, 300), uncovered_c=21.5), moves=still(), room=wobbling(15)),
        warmth__change_sure=1.0,
        warmth__warn_hold_s=1800,
        warmth__plain_hold_s=1800,
        warmth__urgent_hold_s=600,
    )
    assert given[0].severity is Severity.URGENT
    assert given[0].suppressed_by is None


def test_getting_urgent_ends_the_wait() -> None:
    given = said(
        night(leg=uncovering((180, 300), uncovered_c=20), moves=still(), room=wobbling(15)),
        warmth__urgent_hold_s=600,
        warmth__change_sure=1.0,
        alerts__wait_s=900,
    )
    raised = next(n for n in given if n.transition is TransitionKind.ESCALATED)
    assert raised.suppressed_by is None
    assert figures(raised)[1] == "urgent"
    assert [n for n in given if n.suppressed_by is None][0] is raised  # noqa: RUF015 - the first that sounds


def test_cold_and_still_is_one_message_also_while_it_waits() -> None:
    events = night(leg=uncovering((180, 300), uncovered_c=26), moves=lambda m: 3 if m < 60 else 0)
    own: dict[str, Any] = {"care__warn_s": 8400}
    given = said(events, AlertKind.STILL, **own)
    warned = next(n for n in given if n.severity is Severity.WARNING)
    assert (warned.transition, warned.suppressed_by) == (
        TransitionKind.ESCALATED,
        SuppressedBy.INHIBITED,
    )


def with_answers(events: Iterable[Event], *answers: Ack | Snooze) -> list[Event]:
    return sorted([*events, *answers], key=lambda e: e.at_ms)


def test_an_answer_belongs_to_its_episode() -> None:
    events = list(
        night(leg=uncovering((180, 210), (330, 380), uncovered_c=25), moves=still(), minutes=440)
    )
    first, second = [n for n in said(events) if n.transition is TransitionKind.FIRED]
    assert (first.episode_ms, second.episode_ms) == (first.at_ms, second.at_ms)
    assert all(n.episode_ms in (first.at_ms, second.at_ms) for n in said(events))
    late = Ack(second.at_ms + 60_000, AlertKind.COLD, episode_ms=first.episode_ms)
    assert TransitionKind.ACKNOWLEDGED not in [
        n.transition for n in said(with_answers(events, late))
    ]
    meant = Ack(second.at_ms + 60_000, AlertKind.COLD, episode_ms=second.episode_ms, useful=False)
    given = [
        n for n in said(with_answers(events, meant)) if n.transition is TransitionKind.ACKNOWLEDGED
    ]
    assert [(n.reason, n.episode_ms) for n in given] == [(Reason.NOT_USEFUL, second.at_ms)]


def test_an_answer_while_it_waits_keeps_it_silent() -> None:
    events = list(night(leg=uncovering((180, 230), uncovered_c=26), moves=still()))
    (fired, *_) = said(events)
    given = said(with_answers(events, Ack(fired.at_ms + 120_000, AlertKind.COLD)))
    assert [n.transition for n in given if n.suppressed_by is None] == []


def test_quiet_for_all_mutes_warnings_but_never_what_is_urgent_or_blind() -> None:
    hush = Snooze(BEGIN + 175 * 60_000, None, BEGIN + 420 * 60_000)
    leg = uncovering((180, 300), uncovered_c=21.5)
    events = list(night(leg=leg, moves=still(), room=wobbling(15), silent=lambda m: 320 <= m < 345))
    given = list(replay(with_answers(events, hush), rules()))
    kinds = {n.kind for n in given if n.transition is TransitionKind.SNOOZED}
    assert kinds == {AlertKind.COLD, AlertKind.STILL}
    fired = next(
        n for n in given if n.transition is TransitionKind.FIRED and n.kind is AlertKind.COLD
    )
    assert fired.suppressed_by is SuppressedBy.SILENCED
    raised = next(n for n in given if n.transition is TransitionKind.ESCALATED)
    assert (raised.severity, raised.suppressed_by) == (Severity.URGENT, None)
    agent = next(
        n for n in given if n.kind is AlertKind.AGENT and n.transition is TransitionKind.FIRED
    )
    assert agent.suppressed_by is None


def test_quiet_for_all_ends_on_time_and_says_what_still_stands() -> None:
    hush = Snooze(BEGIN + 175 * 60_000, None, BEGIN + 220 * 60_000)
    events = list(night(leg=uncovering((180, 300), uncovered_c=26), moves=still()))
    given = said(with_answers(events, hush))
    sounded = [n for n in given if n.suppressed_by is None]
    assert (minute(sounded[0]), sounded[0].reason) == (220, Reason.SNOOZE_OVER)


def test_a_wait_survives_a_restart() -> None:
    parts: list[Notice] = []
    state = start()
    events = list(night(leg=uncovering((180, 230), uncovered_c=26), moves=still()))
    whole = list(replay(events, rules()))
    for event in events:
        state, notices = step(from_json(to_json(state)), event, rules())
        parts += notices
    assert parts == whole


def test_lying_still_gets_its_own_word_once_cold_legs_were_said_long_ago() -> None:
    leg = uncovering((180, 420), uncovered_c=23)
    events = list(night(leg=leg, moves=lambda m: 1 if m < 140 and m % 7 == 0 else 0))
    own: dict[str, Any] = {"alerts__wait_s": 0, "alerts__budget_gap_s": 600, "care__warn_s": 3600}
    own |= {"warmth__not_answered_s": 7200, "stillness__log_s": 0, "warmth__change_sure": 0.6}
    (cold, *_) = said(events, **own)
    (joined, told, *_) = said(events, AlertKind.STILL, **own)
    assert (joined.suppressed_by, told.suppressed_by) == (SuppressedBy.INHIBITED, None)
    assert minute(told) - minute(cold) == 16


URGENT: dict[str, Any] = {"alerts__wait_s": 0, "alerts__budget_gap_s": 600}


def test_quiet_for_one_alert_ends_with_it() -> None:
    """The next one is another, and its urgent word is not muted."""
    leg = uncovering((180, 200), uncovered_c=25)
    worse = uncovering((230, 330), uncovered_c=21)
    events = list(night(leg=lambda m: leg(m) if m < 225 else worse(m), moves=still()))
    (first, *_) = said(events, **URGENT)
    quiet = Snooze(first.at_ms + 60_000, AlertKind.COLD, first.at_ms + 14_400_000)
    meant = replace(quiet, episode_ms=first.episode_ms)
    mutes, ends = (said(with_answers(events, s), **URGENT) for s in (quiet, meant))
    assert (Severity.URGENT, None) not in [(n.severity, n.suppressed_by) for n in mutes]
    assert (Severity.URGENT, None) in [(n.severity, n.suppressed_by) for n in ends]


def test_quiet_for_an_alert_that_is_over_is_no_quiet() -> None:
    events = list(night(leg=uncovering((180, 200), uncovered_c=25), moves=still()))
    first, *_, over = said(events, **URGENT)
    late = Snooze(
        over.at_ms + 60_000, AlertKind.COLD, over.at_ms + 600_000, episode_ms=first.episode_ms
    )
    assert TransitionKind.SNOOZED not in [
        n.transition for n in said(with_answers(events, late), **URGENT)
    ]


def test_after_quiet_the_time_for_an_answer_begins_anew() -> None:
    events = list(night(leg=uncovering((180, 420), uncovered_c=26), moves=still()))
    (first, *_) = said(events, **URGENT)
    for kind in (AlertKind.COLD, None):
        quiet = Snooze(first.at_ms + 60_000, kind, first.at_ms + 60 * 60_000)
        given = said(with_answers(events, quiet), **URGENT)
        raised = [minute(n) - minute(first) for n in given if n.reason is Reason.NOT_ANSWERED]
        assert raised == [60 + 45]


def test_what_was_told_to_nobody_is_not_called_unanswered() -> None:
    own = URGENT | {"alerts__budget": 1, "alerts__rearm_s": 600}
    events = list(night(leg=uncovering((180, 200), (260, 420), uncovered_c=25.4), moves=still()))
    given = said(events, **own)
    assert SuppressedBy.BUDGET in [n.suppressed_by for n in given]
    assert Reason.NOT_ANSWERED not in [n.reason for n in given]
