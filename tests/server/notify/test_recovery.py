"""A server that was away, or that starts with other settings: who is told then, and of what."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from legwatch_server.inbox import Connected
from legwatch_server.notify.channels import Retryable
from legwatch_server.testing import InProcessServer
from server.notify.test_escalation import BY_NIGHT, HOUR_MS, PEOPLE, TWO, cold, well
from server.ward import MINUTE_MS, open_ward

OWN = {"stillness.joint_s": 0, "alerts.wait_s": 0, "warmth.not_answered_s": 7200}
RENAMED = {n: p | {"channels": ["ring"], "address": {"ring": n}} for n, p in PEOPLE.items()}


@contextmanager
def started_anew(
    ward: InProcessServer, folder: Path, people: dict[str, Any]
) -> Iterator[InProcessServer]:
    """Start on the same database with other people."""
    ward.close()
    made = open_ward(folder, people=people, rules=OWN)
    made.clock.advance(ward.clock.now_ms - made.clock.now_ms)
    made.close()
    made.start()
    yield made
    made.close()


def whom(ward: InProcessServer) -> list[tuple[float, str]]:
    return [(minute, who) for minute, who, _, _ in ward.notified("loud")]


def test_with_a_renamed_channel_who_was_not_told_yet_is_told_by_the_new_one(tmp_path: Path) -> None:
    before = open_ward(tmp_path, people=PEOPLE, rules=OWN)
    before.play_until_loud("b", cold)
    with started_anew(before, tmp_path, RENAMED) as ward:
        at = ward.minute
        ward.play("b", 30, cold)
        assert whom(ward) == [(at, "bert"), (at + 10, "cleo")]  # anna has heard it
        old = ward.rows("SELECT DISTINCT error FROM deliveries WHERE channel='sms'")
        assert old == [("settings changed",)]


def test_who_was_removed_is_told_nothing_more(tmp_path: Path) -> None:
    before = open_ward(tmp_path, people=PEOPLE, rules=OWN)
    before.play_until_loud("b", cold)
    with started_anew(before, tmp_path, {n: PEOPLE[n] for n in ("anna", "cleo")}) as ward:
        at = ward.minute
        ward.play("b", 30, cold)
        assert whom(ward) == [(at, "cleo")]
        told = ward.rows("SELECT state, error FROM deliveries WHERE person='bert'")
        assert set(told) == {("withdrawn", "settings changed")}


def test_a_push_that_may_have_gone_before_a_power_cut_says_so(tmp_path: Path) -> None:
    """Its claim waits for no disk: what was to go at once may have gone when the machine ends."""
    for boot, says_so in (("fake", False), ("after the cut", True)):
        (folder := tmp_path / f"boot {boot}").mkdir()
        ward = open_ward(folder, people=PEOPLE, rules=OWN)
        while not ward.rows("SELECT 1 FROM deliveries WHERE tone='loud'"):
            ward.settle()
            ward.clock.advance(MINUTE_MS)
            ward.feed("b", int(ward.minute) - 1, cold)
        ward.close()
        ward.clock.boot = boot
        ward.start()
        ward.settle()
        assert [who for _, who in whom(ward)] == ["anna"]
        assert ("(perhaps said before)" in ward.pushes.arrived[-1].push.text) is says_so
        ward.close()


def test_only_the_first_try_of_what_goes_at_once_waits_for_no_disk(tmp_path: Path) -> None:
    ward = open_ward(tmp_path, people=PEOPLE, rules=OWN)
    ward.channels["phone"].replies = [Retryable("busy")]
    outbox = ward.outboxes["phone"]._store
    with patch.object(outbox, "transaction", wraps=outbox.transaction) as begun:
        ward.play_until_loud("b", cold)  # at the second try
        ward.play("b", 12, cold)  # Bert is told ten minutes later
    assert {who for _, who in whom(ward)} >= {"anna", "bert"}
    synced = [call.kwargs["synced"] for call in begun.call_args_list]
    assert synced == [False, *[True] * (len(synced) - 1)]
    ward.close()


def test_who_came_due_meanwhile_is_told_now_and_the_next_a_step_later(tmp_path: Path) -> None:
    ward = open_ward(tmp_path, people=PEOPLE, rules=OWN)
    ward.play_until_loud("b", cold)
    ward.close()
    ward.clock.advance(HOUR_MS)
    ward.start()
    ward.settle()
    at = ward.minute
    assert whom(ward)[1:] == [(at, "bert")]
    assert "(late: decided at " in ward.pushes.arrived[-1].push.text
    ward.run_to(ward.clock.now_ms + 11 * MINUTE_MS)
    assert (at + 10, "cleo") in whom(ward)
    ward.close()


def test_after_hours_who_is_on_duty_now_is_told_and_not_who_was(tmp_path: Path) -> None:
    people = TWO | {"anna": PEOPLE["anna"]}
    roster = [{"people": ["anna", "bert"], "nights": ["fri"]}, *BY_NIGHT[1:]]
    ward = open_ward(tmp_path, people=people, rules=OWN, roster=roster)
    ward.play_until_loud("b", cold)
    ward.close()
    ward.clock.advance(20 * HOUR_MS)  # bert was to be told ten minutes later
    ward.start()
    ward.settle()
    assert [who for _, who in whom(ward)] == ["anna", "cleo"]
    ward.close()


def test_the_bedside_is_not_blamed_for_the_servers_absence(tmp_path: Path) -> None:
    ward = open_ward(tmp_path, people=PEOPLE, rules=OWN)
    ward.play("b", 30, well)
    ward.close()
    ward.clock.advance(20 * MINUTE_MS)  # the agent measures on into its spool
    ward.start()
    for _ in range(20):  # the broker is not reached at once
        ward.turn()
        ward.clock.advance(5000)
    ward.clock.advance(20_000)
    ward.play("b", 30, well)
    assert ward.notified("loud") == []
    assert ward.rows("SELECT * FROM notices") == []
    ward.close()


def test_a_bedside_that_stays_silent_is_said_to_who_is_on_duty_now(tmp_path: Path) -> None:
    ward = open_ward(tmp_path, people=TWO, rules=OWN, roster=BY_NIGHT)
    ward.play("b", 30, well)
    ward.close()
    ward.clock.advance(23 * HOUR_MS)  # saturday, half past eight
    ward.start()
    ward.run_to(ward.clock.now_ms + 175_000)
    assert ward.notified("loud") == []
    ward.run_to(ward.clock.now_ms + 2 * MINUTE_MS)
    assert [who for _, who in whom(ward)] == ["cleo"]
    ward.close()


def test_only_a_start_of_the_process_gives_the_bedside_time(tmp_path: Path) -> None:
    """A broker that comes and goes does not hide that no window comes."""
    ward = open_ward(tmp_path, people=TWO, rules=OWN)
    ward.play("b", 30, well)
    for _ in range(20):
        ward.turn([Connected()])
        ward.run_to(ward.clock.now_ms + MINUTE_MS)
    assert [who for _, who in whom(ward)] == ["bert"]
    ward.close()
