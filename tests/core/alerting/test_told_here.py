"""What a sleeper knows from the bedside: until the engine would say it again."""

from datetime import UTC

import pytest

from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.alerting.told_here import Known, ToldHere, is_answered, known, with_step
from legwatch.conditions.verdict import Reason, Severity
from legwatch.contract.told_at_bed import AtBed, ToldAtBed
from legwatch.events import AlertKind
from legwatch_runtime.profiles import rules_for

RULES = rules_for("standard", {}, UTC)
T0, MINUTE_MS = 1_767_394_800_000, 60_000
COLD, STILL = AlertKind.COLD, AlertKind.STILL
WARNING, URGENT = Severity.WARNING, Severity.URGENT


def step(what: AtBed, kind: AlertKind = COLD, level: str = "warning", of: int = T0) -> ToldAtBed:
    return ToldAtBed("t", what, kind, T0, level, of)


def fired(minute: float, kind: AlertKind = COLD, level: Severity = WARNING) -> Notice:
    at_ms = T0 + int(minute * MINUTE_MS)
    return Notice(at_ms, kind, TransitionKind.FIRED, level, Reason.UNCOVERED, episode_ms=at_ms)


HEARD = with_step((), step(AtBed.BUZZER), T0)


def test_who_has_heard_it_has_seen_it_too() -> None:
    assert known(HEARD, fired(10), RULES) == Known(T0, T0, before=True)
    lit = with_step((), step(AtBed.LAMP), T0)
    assert known(lit, fired(10), RULES) == Known(T0, 0)


@pytest.mark.parametrize(
    ("minute", "level", "told", "knows"),
    [
        (59.9, WARNING, "warning", True), (60, WARNING, "warning", False),
        (9.9, URGENT, "urgent", True), (10, URGENT, "urgent", False),
        (5, URGENT, "warning", False),  # it is worse now
        (20, WARNING, "urgent", True), (0, WARNING, "warning", True),
    ],
)  # fmt: skip
def test_it_holds_until_the_engine_would_say_it_again(
    minute: float, level: Severity, told: str, knows: bool
) -> None:
    steps = with_step((), step(AtBed.BUZZER, level=told), T0)
    assert bool(known(steps, fired(minute, level=level), RULES).heard_ms) is knows


def test_it_holds_for_its_own_kind_and_until_it_is_over() -> None:
    assert known(HEARD, fired(5, STILL), RULES) == Known()
    over = with_step(HEARD, step(AtBed.OVER), T0 + MINUTE_MS)
    assert known(over, fired(5), RULES) == Known()
    again = with_step(over, step(AtBed.LAMP, of=T0 + 5 * MINUTE_MS), T0 + 5 * MINUTE_MS)
    assert known(again, fired(6), RULES) == Known(T0 + 5 * MINUTE_MS, 0)


def test_an_end_or_an_answer_is_told_all_the_same() -> None:
    end = Notice(T0 + 1, COLD, TransitionKind.RESOLVED, WARNING, Reason.WARM_AGAIN)
    assert known(HEARD, end, RULES) == Known()


def test_a_sign_that_was_shown_is_not_shown_again() -> None:
    lit = with_step((), step(AtBed.LAMP, level="log"), T0)
    sign = Notice(
        T0 + 1, COLD, TransitionKind.EXPECTED, Severity.LOG, Reason.OFF_OR_EMPTY,
        suppressed_by=SuppressedBy.EARLY_SIGN,
    )  # fmt: skip
    assert known(lit, sign, RULES).lit_ms == T0
    assert known(lit, fired(1), RULES) == Known()  # the alert is more than the sign


def test_an_answer_counts_for_the_alert_that_follows() -> None:
    answered = with_step(HEARD, step(AtBed.ANSWERED), T0 + MINUTE_MS)
    assert is_answered(answered, COLD, T0 + 30 * MINUTE_MS, RULES)
    assert not is_answered(answered, COLD, T0 + 62 * MINUTE_MS, RULES)
    assert not is_answered(answered, STILL, T0 + 30 * MINUTE_MS, RULES)
    assert not is_answered(HEARD, COLD, T0 + 30 * MINUTE_MS, RULES)
    over = with_step(answered, step(AtBed.OVER), T0 + 5 * MINUTE_MS)
    assert not is_answered(over, COLD, T0 + 30 * MINUTE_MS, RULES)


def test_one_memory_for_each_kind() -> None:
    both = with_step(HEARD, step(AtBed.LAMP, STILL), T0 + 1)
    assert {one.kind for one in both} == {COLD, STILL}
    raised = with_step(both, step(AtBed.BUZZER, level="urgent"), T0 + 2)
    assert ToldHere(COLD, URGENT, T0, heard_ms=T0 + 2) in raised
    assert len(raised) == 2
