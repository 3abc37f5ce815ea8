"""Plans as values: what a notice adds and cancels, given the deliveries of its alert."""

from dataclasses import replace

import pytest

from legwatch.alerting.notice import SuppressedBy, TransitionKind
from legwatch.oncall.escalation import Purpose
from legwatch.settings import load
from legwatch_server.notify.planner import DeliveryPlanner
from legwatch_server.settings import ServerSettings
from legwatch_server.store.changes import Change, Changes, Insert, Recall, Supersede, Withdraw
from legwatch_server.store.delivery import DeliveryState
from server.notify.plans import MINUTE_MS, NOW, new, planner, row, sent


def added(changes: Changes) -> list[tuple[str, str, str, float]]:
    """Return (person, channel, purpose, minutes from now) of every new delivery."""
    return [
        (one.person, one.channel, one.purpose.value, (one.due_ms - NOW) / MINUTE_MS)
        for one in changes
        if isinstance(one, Insert)
    ]


def cancelled(changes: Changes) -> list[Change]:
    return [one for one in changes if not isinstance(one, Insert)]


def test_an_alert_goes_to_one_after_the_other_and_to_each_channel_in_turn() -> None:
    changes = planner().plan(7, new(), (), NOW)
    assert added(changes) == [
        ("anna", "phone", "loud", 0),
        ("bert", "phone", "loud", 10),
        ("bert", "sms", "loud", 10.5),
    ]
    assert {one.notice_id for one in changes if isinstance(one, Insert)} == {7}
    assert cancelled(changes) == []


def test_whom_only_the_log_tells_is_told_last_and_nobody_waits_for_them() -> None:
    log = {"role": "sleeper", "channels": ["console"]}
    planned = planner(anna=log, bert={"channels": ["phone"]}, cleo={"channels": ["phone"]})
    assert added(planned.plan(7, new(), (), NOW)) == [
        ("bert", "phone", "loud", 0),
        ("cleo", "phone", "loud", 10),
        ("anna", "console", "loud", 20),
    ]


def test_where_the_log_is_all_there_is_the_order_stays() -> None:
    log = {"channels": ["console"]}
    planned = planner(zoe=log, bert=log)
    assert [who for who, *_ in added(planned.plan(7, new(), (), NOW))] == ["zoe", "bert"]


@pytest.mark.parametrize("channels", [["console", "phone"], ["phone", "console"]])
def test_a_line_in_the_log_does_not_count_as_a_push(channels: list[str]) -> None:
    """It would take the phone's tries off: "reached by console"."""
    planned = planner(anna={"channels": channels})
    assert added(planned.plan(7, new(), (), NOW)) == [("anna", "phone", "loud", 0)]


def test_a_plan_is_the_same_for_the_same_values() -> None:
    rows = (row(1), sent(2, "bert"))
    louder = new(TransitionKind.ESCALATED)
    assert planner().plan(7, louder, rows, NOW) == planner().plan(7, louder, rows, NOW)


def test_a_louder_word_replaces_what_waits_and_stops_what_is_in_flight() -> None:
    claimed = row(2, "bert", state=DeliveryState.CLAIMED, attempt=1)
    changes = planner().plan(7, new(TransitionKind.ESCALATED), (row(1), claimed), NOW)
    assert cancelled(changes) == [Supersede(2), Withdraw(1, "a newer word replaces it")]


def test_who_waits_for_a_warning_waits_no_longer_because_it_becomes_urgent() -> None:
    waits = row(2, "bert", due_ms=NOW + MINUTE_MS)
    raised = planner().plan(8, new(TransitionKind.ESCALATED), (sent(1), waits), NOW)
    assert added(raised) == [
        ("anna", "phone", "loud", 0),
        ("bert", "phone", "loud", 1),
        ("bert", "sms", "loud", 1.5),
    ]
    assert cancelled(raised) == [Withdraw(2, "a newer word replaces it")]


URGENT_ONLY = {"cold": "urgent"}


@pytest.mark.parametrize("minutes", [0.5, 1, 4, 5, 9])
def test_who_is_woken_for_what_is_urgent_waits_behind_nobody_later_in_the_roster(
    minutes: float,
) -> None:
    """Cleo waits for a warning that did not wake bert; now both are told, and bert is first."""
    planned = planner(
        anna={"channels": ["phone"]},
        bert={"channels": ["phone"], "woken_for": URGENT_ONLY},
        cleo={"channels": ["phone"]},
    )
    waits = row(2, "cleo", due_ms=NOW + int(minutes * MINUTE_MS))
    raised = new(TransitionKind.ESCALATED, urgent=True)
    found = added(planned.plan(8, raised, (sent(1), waits), NOW))
    assert [who for who, *_ in found] == ["anna", "bert", "cleo"]
    dues = [due for *_, due in found]
    assert dues == sorted(dues)
    assert dues[2] <= minutes


def test_the_end_takes_back_what_may_have_been_heard_and_tells_those_people() -> None:
    tried = row(2, "bert", attempt=1)
    rows = (sent(1), tried, row(3, "bert", channel="sms", rank=1))
    changes = planner().plan(7, new(TransitionKind.RESOLVED), rows, NOW)
    before = "resolved before"
    assert cancelled(changes) == [
        Recall(1, NOW),
        Recall(2, NOW),
        Withdraw(2, before),
        Withdraw(3, before),
    ]
    assert added(changes) == [("anna", "phone", "info", 0), ("bert", "phone", "info", 0)]


def test_whoever_answered_is_not_told_of_the_answer() -> None:
    answered = replace(new(TransitionKind.ACKNOWLEDGED), who="anna")
    assert added(planner().plan(7, answered, (sent(1), sent(2, "bert")), NOW)) == [
        ("bert", "phone", "info", 0)
    ]


def test_what_was_given_up_has_reached_nobody() -> None:
    failed = row(1, state=DeliveryState.FAILED, attempt=1)
    assert planner().plan(7, new(TransitionKind.RESOLVED), (failed,), NOW) == ()


def test_the_end_is_told_where_the_alert_was_heard_last() -> None:
    rows = (sent(1, "bert"), sent(2, "bert", channel="sms", sent_ms=NOW + 1))
    changes = planner().plan(7, new(TransitionKind.RESOLVED), rows, NOW)
    assert added(changes) == [("bert", "sms", "info", 0)]
    removed = planner(bert={"channels": ["phone"]})
    assert added(removed.plan(7, new(TransitionKind.RESOLVED), rows, NOW)) == [
        ("bert", "phone", "info", 0)
    ]


def test_an_older_all_clear_that_waits_would_mislead_now() -> None:
    older = row(1, purpose=Purpose.INFO, episode_ms=NOW - 1)
    others = row(2, "bert", purpose=Purpose.INFO, episode_ms=NOW - 1)
    on_its_way = row(3, purpose=Purpose.INFO, state=DeliveryState.CLAIMED, episode_ms=NOW - 1)
    changes = planner().plan(7, new(), (older, others, on_its_way), NOW)
    assert cancelled(changes) == [
        Withdraw(1, "a newer word replaces it"),
        Withdraw(2, "a newer word replaces it"),
    ]


def test_said_again_only_to_those_who_have_heard_it_while_a_plan_still_waits() -> None:
    again = new(TransitionKind.RENOTIFIED)
    waiting = (sent(1), row(2, "bert", due_ms=NOW + MINUTE_MS))
    changes = planner().plan(7, again, waiting, NOW)
    assert (added(changes), cancelled(changes)) == ([("anna", "phone", "loud", 0)], [])
    assert added(planner().plan(7, again, (sent(1),), NOW)) == [
        ("anna", "phone", "loud", 0),
        ("bert", "phone", "loud", 10),
        ("bert", "sms", "loud", 10.5),
    ]


def test_the_first_sound_replaces_the_quiet_sign_that_waits_on_the_same_way() -> None:
    """The service was away: it would come behind the sound, and show the older words there."""
    again = new(TransitionKind.RENOTIFIED)
    waiting = row(1, purpose=Purpose.QUIET, attempt=2)
    lamp = row(2, channel="lamp", purpose=Purpose.QUIET)
    flying = row(3, purpose=Purpose.QUIET, state=DeliveryState.CLAIMED, attempt=1)
    changes = planner().plan(7, again, (waiting, lamp, flying), NOW)
    assert cancelled(changes) == [Supersede(3), Withdraw(1, "a newer word replaces it")]
    assert added(changes)[0] == ("anna", "phone", "loud", 0)


def test_a_warning_on_hold_is_shown_to_the_sleeper_alone() -> None:
    held = new(suppressed_by=SuppressedBy.HOLD)
    assert added(planner().plan(7, held, (), NOW)) == [("anna", "phone", "quiet", 0)]


def test_behind_the_lamps_of_a_first_sign_come_the_channels() -> None:
    anna = {"role": "sleeper", "channels": ["lamp", "phone"], "quiet": ["lamp", "mat"]}
    found = DeliveryPlanner(load(ServerSettings, {"people": {"anna": anna}}))
    held, report = new(suppressed_by=SuppressedBy.HOLD), new(TransitionKind.REPORTED)
    for notice, order in (
        (held, [("lamp", 0), ("mat", 0), ("phone", 1)]),
        (report, [("lamp", 0), ("phone", 1)]),
    ):
        changes = found.plan(7, notice, (), NOW)
        assert [(o.channel, o.rank) for o in changes if isinstance(o, Insert)] == order


def test_what_is_suppressed_adds_and_cancels_nothing() -> None:
    for why in (SuppressedBy.LOG_ONLY, SuppressedBy.SILENCED, SuppressedBy.BUDGET):
        assert planner().plan(7, new(suppressed_by=why), (row(1), sent(2)), NOW) == ()
