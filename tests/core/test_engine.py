"""What the engine says of whole nights."""

import math
from collections.abc import Iterable

import pytest

from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Reason, Severity
from legwatch.engine import replay, start, view
from legwatch.events import Ack, AlertKind, Event, Snooze, Tick
from legwatch.limits.rules import Rules
from legwatch.state_codec import from_json, to_json
from legwatch.testing import drive, ms, night, uncovering, wobbling
from repository import rules

BEGIN = ms("2026-01-02T21:00Z")


def minute(notice: Notice) -> int:
    return (notice.at_ms - BEGIN) // 60_000


def at_once(profile: str = "standard", **own: float) -> Rules:
    """Return rules without the wait for a natural movement, which has its own tests."""
    return rules(profile, alerts__wait_s=0, **own)


def told(events: Iterable[Event], of: Rules | None = None) -> list[tuple[int, str, str, str, str]]:
    own = of or at_once()
    return [(minute(n), n.kind, n.transition, n.severity, n.reason) for n in replay(events, own)]


def with_answers(events: Iterable[Event], *answers: Ack | Snooze) -> list[Event]:
    return sorted([*events, *answers], key=lambda e: e.at_ms)


def test_a_warm_night_says_nothing() -> None:
    assert told(night()) == []


def test_bare_legs_are_told_and_so_is_their_warmth() -> None:
    said = told(night(leg=uncovering((180, 205), uncovered_c=24.5)))
    assert [s[1:] for s in said] == [
        ("cold", "fired", "warning", "uncovered"),
        ("cold", "warming", "warning", "warming"),
        ("cold", "resolved", "warning", "warm_again"),
    ]
    assert 183 <= said[0][0] <= 190
    assert 205 < said[1][0] <= 205 + 5
    assert said[2][0] > 205 + 10


def test_colder_still_becomes_urgent_and_is_repeated_once() -> None:
    said = told(night(leg=uncovering((180, 300), uncovered_c=21.9), room=wobbling(16)))
    assert [s[2:4] for s in said] == [
        ("fired", "warning"),
        ("raised", "urgent"),
        ("repeated", "urgent"),
        ("warming", "urgent"),
        ("resolved", "warning"),  # the legs warm step by step: no longer urgent, then over
    ]
    assert said[2][0] - said[1][0] == 10


def test_a_warning_that_nobody_answers_becomes_urgent_after_45_minutes() -> None:
    said = told(night(leg=uncovering((180, 300), uncovered_c=25.5)))
    assert [(s[2], s[4]) for s in said][:2] == [("fired", "uncovered"), ("raised", "not_answered")]
    assert said[1][0] - said[0][0] == 45


def test_an_answered_warning_stays_quiet_until_it_is_over() -> None:
    events = night(leg=uncovering((180, 300), uncovered_c=25.5))
    said = told(with_answers(events, Ack(BEGIN + 200 * 60_000)))
    assert [s[2] for s in said] == ["fired", "acknowledged", "resolved"]


def test_a_snooze_is_of_one_kind_and_ends_on_time() -> None:
    until = BEGIN + 220 * 60_000
    events = night(leg=uncovering((180, 300), uncovered_c=25.5))
    said = told(with_answers(events, Snooze(BEGIN + 200 * 60_000, AlertKind.COLD, until)))
    assert [s[2] for s in said][:3] == ["fired", "snoozed", "repeated"]
    assert said[2][0] == 220
    assert said[2][4] == "snooze_over"


def test_a_snooze_of_cold_does_not_hide_a_dead_sensor() -> None:
    events = night(leg=lambda m: None if m > 200 else wobbling(31)(m))
    snooze = Snooze(BEGIN + 190 * 60_000, AlertKind.COLD, BEGIN + 400 * 60_000)
    notices = list(replay(with_answers(events, snooze), at_once()))
    fired = [
        n for n in notices if n.kind is AlertKind.SENSOR and n.transition is TransitionKind.FIRED
    ]
    assert [n.suppressed_by for n in fired] == [None]


def test_no_cold_alert_before_the_bed_has_had_time_to_warm() -> None:
    said = told(night(leg=lambda m: 29.0 if m < 5 else 22.0, minutes=60))
    assert said[0][0] >= 40


def test_a_bed_that_never_warms_waits_for_a_sleeper_who_is_awake() -> None:
    asleep = list(replay(night(leg=wobbling(25.2), moves=lambda m: 1 if m < 1 else 0), at_once()))
    assert [(n.reason, n.suppressed_by) for n in asleep if n.kind is AlertKind.COLD][:1] == [
        (Reason.COLD_START, SuppressedBy.LOG_ONLY)
    ]
    tossing = lambda m: 1 if m % 5 < 3 else 0  # noqa: E731 - a table in one line
    awake = list(replay(night(leg=wobbling(25.2), moves=tossing), at_once()))
    assert [(n.reason, n.severity, n.suppressed_by) for n in awake][:1] == [
        (Reason.COLD_START, Severity.WARNING, None)
    ]


def test_a_bed_that_wavers_below_the_limit_has_not_warmed() -> None:
    air = lambda m: round(24.9 + 0.5 * math.sin(m * math.tau / 22), 1)  # noqa: E731 - one line
    said = told(night(leg=air, room=lambda _m: 14.0, moves=lambda m: 1 if m % 10 < 0.1 else 0))
    assert ("cold", "fired", "warning", "cold_start") in [s[1:] for s in said]


def test_a_bed_that_never_warmed_does_not_wake_who_sleeps_in_it_for_lying_still() -> None:
    moves = lambda m: 1 if m < 90 and m % 5 < 3 else 0  # noqa: E731 - a table in one line
    said = told(night(leg=wobbling(25.0), moves=moves, minutes=300), at_once(stillness__log_s=0))
    assert [s[1:] for s in said if s[1] != "sensor"] == [("cold", "fired", "warning", "cold_start")]


def test_a_warm_room_is_never_cold() -> None:
    assert (
        told(night(leg=uncovering((180, 300), uncovered_c=26.6, covered_c=31), room=wobbling(27)))
        == []
    )


def test_an_empty_bed_gives_no_body_alert() -> None:
    for mat in (lambda _m: False, lambda _m: None):
        said = told(night(leg=wobbling(17.9), room=wobbling(17.5), moves=lambda _m: 0, mat=mat))
        assert [s for s in said if s[1] in {"cold", "still"}] == []


def test_a_dead_movement_sensor_gives_no_body_alert_but_is_told() -> None:
    silent = told(night(moves=lambda _m: 0))
    assert {s[1:3] for s in silent} == {("sensor", "fired")}
    assert [s[4] for s in silent] == ["movement_silent"]
    lost = told(night(moves=lambda m: (1 if m % 20 < 0.1 else 0) if m < 60 else None))
    assert [(s[1], s[4]) for s in lost] == [("sensor", "movement_missing")]


def test_stillness_is_told_at_its_limits_and_ends_with_a_movement() -> None:
    def moves(m: float) -> int:
        """Turn until minute 40 and at 400, twitch now and then: the sensor is alive."""
        if int(m) in (0, 22, 30, 39, 400):
            return 6
        return 1 if m % 60 < 0.1 else 0

    own = at_once("at_risk", stillness__first_cycle_s=0)
    said = told(night(moves=moves, leg=wobbling(31)), own)
    assert [(s[1], s[2], s[3]) for s in said] == [
        ("still", "fired", "log"),
        ("still", "raised", "warning"),
        ("still", "raised", "urgent"),
        ("still", "repeated", "urgent"),
        ("still", "resolved", "urgent"),
    ]
    assert [s[0] for s in said][:3] == [130, 160, 280]


def test_a_sensor_that_feels_nothing_at_all_is_doubted_before_stillness_is_urgent() -> None:
    moves = lambda m: 1 if m < 10 else 0  # noqa: E731 - a table in one line
    own = at_once("at_risk", stillness__first_cycle_s=0)
    said = told(night(moves=moves, leg=wobbling(31)), own)
    assert [s[:5] for s in said] == [
        (100, "still", "fired", "log", "still_too_long"),
        (130, "still", "raised", "warning", "still_too_long"),
        (160, "sensor", "fired", "warning", "movement_quiet"),
    ]


def test_a_care_plan_replaces_the_limits() -> None:
    moves = lambda m: 1 if m < 10 else 0  # noqa: E731 - a table in one line
    said = told(night(moves=moves, leg=wobbling(31)), at_once(care__warn_s=10_800))
    assert [(s[3], s[0]) for s in said if s[1] == "still"] == [("log", 100), ("warning", 190)]


def test_missing_data_never_resolves() -> None:
    leg = uncovering((180, 480), uncovered_c=25.5)
    said = told(night(leg=lambda m: leg(m) if m < 205 else None))
    assert said[0][1:3] == ("cold", "fired")
    assert sorted(s[1:3] for s in said[1:]) == [("cold", "unknown"), ("sensor", "fired")]


def test_a_silent_agent_is_told_at_night_and_its_return_too() -> None:
    said = told(night(silent=lambda m: 100 <= m < 150))
    assert [(s[1], s[2], s[0]) for s in said] == [
        ("agent", "fired", 115),
        ("agent", "resolved", 166),
    ]


def test_by_day_a_silent_agent_waits_for_the_night() -> None:
    begin = "2026-01-02T09:30Z"  # half past ten in Berlin
    events: list[Event] = [*night(begin=begin, minutes=30), Tick(ms("2026-01-02T20:00Z"))]
    said = list(replay(events, at_once()))
    assert [(n.kind, n.at_ms) for n in said] == [(AlertKind.AGENT, ms("2026-01-02T19:00Z"))]


@pytest.mark.parametrize("value", [0.0, 85.0, -3.0, 60.0])
def test_values_that_cannot_be_are_not_readings(value: float) -> None:
    said = told(night(leg=lambda _m: value))
    assert [(s[1], s[2], s[4]) for s in said] == [("sensor", "fired", "implausible")]


def test_one_wild_reading_changes_nothing() -> None:
    leg = wobbling(31)
    assert told(night(leg=lambda m: 15.5 if 200 <= m < 200.3 else leg(m))) == []


def test_a_stuck_sensor_is_told_and_not_believed() -> None:
    said = told(night(leg=lambda m: wobbling(31)(m) if m < 60 else 25.0))
    assert ("sensor", "fired", "warning", "stuck") in [s[1:] for s in said]


def test_the_budget_of_a_night_holds_warnings_back_but_not_the_urgent() -> None:
    spans = ((120, 140), (240, 260), (360, 380))
    notices = list(
        replay(
            night(leg=uncovering(*spans, uncovered_c=24.6), minutes=560),
            at_once(alerts__rearm_s=600),
        )
    )
    fired = [n for n in notices if n.transition is TransitionKind.FIRED]
    assert [n.suppressed_by for n in fired] == [None, None, SuppressedBy.BUDGET]
    resolved = [n for n in notices if n.transition is TransitionKind.RESOLVED]
    assert [n.suppressed_by for n in resolved] == [None, None, SuppressedBy.LOG_ONLY]


def test_cold_and_still_together_are_raised_once() -> None:
    moves = lambda m: 1 if m < 185 and m % 20 < 0.2 else 0  # noqa: E731 - a table in one line
    own = at_once(warmth__not_answered_s=7200)
    said = told(night(leg=uncovering((180, 400), uncovered_c=25.5), moves=moves), own)
    raised = [s for s in said if s[2] == "raised" and s[1] == "cold"]
    assert [s[4] for s in raised] == ["cold_and_still"]


def test_after_a_long_loss_of_sight_a_bed_is_given_time_to_warm_again() -> None:
    """Nobody saw whether the sleeper was up in between, so the stay counts as a new one."""
    cold = wobbling(25.5)
    leg = lambda m: wobbling(31)(m) if m < 120 else cold(m)  # noqa: E731 - a table in one line
    said = told(night(leg=leg, silent=lambda m: 120 <= m < 240))
    assert next(s[0] for s in said if s[1] == "cold" and s[2] == "fired") >= 240 + 40
    short = told(night(leg=leg, silent=lambda m: 120 <= m < 140))
    assert next(s[0] for s in short if s[1] == "cold" and s[2] == "fired") <= 140 + 15


def test_leaving_the_bed_ends_what_stands() -> None:
    bare = uncovering((180, 400), uncovered_c=25.5)
    gone = lambda m: (bare(m) or 0.0) if m < 210 else 18 + 7 * 0.93 ** (m - 210)  # noqa: E731
    moves = lambda m: 1 if m < 210 and m % 20 < 0.1 else 0  # noqa: E731 - a table in one line
    said = told(night(leg=gone, moves=moves, mat=lambda m: m < 210))
    alerts = [(s[2], s[4]) for s in said if s[1] == "cold"]
    assert alerts == [("fired", "uncovered"), ("resolved", "left_bed")]


def test_a_state_survives_json_after_every_kind_of_night() -> None:
    for leg in (uncovering((180, 300)), lambda _m: 0.0, lambda _m: None):
        state, _ = drive(start(), night(leg=leg, minutes=320), at_once())
        assert from_json(to_json(state)) == state
        assert len(to_json(state)) < 4096


@pytest.mark.parametrize("text", ["", "[]", "{}", "[1,[1,2]]", '[99,["x",[],0,0]]', "null"])
def test_what_is_not_a_state_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        from_json(text)


def test_the_view_is_unknown_while_nothing_is_seen() -> None:
    assert view(start()) is None
    blind = night(minutes=120, leg=lambda _m: None, mat=lambda _m: None)
    state, _ = drive(start(), blind, at_once())
    seen = view(state)
    assert seen is not None
    assert (seen.in_bed, seen.legs, seen.still_s, seen.leg_c) == (None, "unknown", None, None)


def test_a_jump_to_2099_and_back_neither_hangs_nor_invents() -> None:
    begins = ("2026-01-02T21:00Z", "2099-01-01T22:00Z", "2026-01-03T22:00Z")
    windows = [window for begin in begins for window in night(begin=begin, minutes=60)]
    _, said = drive(start(), windows, at_once())
    assert {n.kind for n in said} <= {AlertKind.AGENT}


def test_a_bed_covered_again_in_another_way_is_not_called_cold_for_ever() -> None:
    """Covered again, the sensor lies where it is three degrees cooler than before."""
    cold = uncovering((180, 230), uncovered_c=22.0)

    def leg(m: float) -> float:
        return (cold(m) or 0.0) - (3.0 if m >= 230 else 0.0)

    said = told(night(leg=leg, moves=lambda m: 1 if m % 10 < 0.1 else 0))
    assert [s[2] for s in said if s[1] == "cold"][-1] == "resolved"
    assert said[-1][0] < 290
