"""The evening's try of every route, and the weekly tap."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from legwatch.__main__ import main
from legwatch.contract.action import Action
from legwatch.testing import ms
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.in_force import InForce
from legwatch_server.inbox import Outcome
from legwatch_server.notify.channels import Permanent, Retryable
from legwatch_server.notify.rehearsal import RouteStatus, evening_due, route_statuses
from legwatch_server.store.delivery import DeliveryState
from legwatch_server.store.records import LastTest
from legwatch_server.testing import InProcessServer
from server.notify.test_escalation import PEOPLE, cold
from server.ward import open_ward

EVENING = {"at": "20:30", "confirm": "fri"}  # the ward begins on a Friday
HALF_PAST_EIGHT = ms("2026-01-02T20:30Z")


def ward_at_dusk(folder: Path) -> InProcessServer:
    """Return a ward one minute before the tries of its first evening."""
    made = open_ward(folder, people=PEOPLE, rehearsal=EVENING)
    made.clock.advance(HALF_PAST_EIGHT - 60_000 - made.clock.now_ms)
    return made


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = ward_at_dusk(tmp_path)
    yield made
    made.close()


def tone(ward: InProcessServer, name: str) -> list[str]:
    """Return the ways that were tried in this tone, as person/channel."""
    sql = "SELECT person, channel FROM deliveries WHERE tone=? ORDER BY id"
    return [f"{person}/{channel}" for person, channel in ward.rows(sql, name)]


def evening(ward: InProcessServer) -> None:
    ward.turn()
    assert tone(ward, "rehearsal") == []  # it is not time yet
    ward.run_to(HALF_PAST_EIGHT + 60_000)


def colours(ward: InProcessServer) -> dict[str, RouteStatus]:
    with ward.store.reader() as reader:
        found = route_statuses(reader, ward.settings, ward.clock.now_ms)
    return {f"{way.person}/{way.channel}": way for way in found}


def test_every_way_to_everybody_is_tried_once_an_evening_in_silence(ward: InProcessServer) -> None:
    evening(ward)
    tried = ["anna/phone", "anna/lamp", "bert/phone", "bert/sms", "cleo/phone"]
    assert tone(ward, "rehearsal") == tried
    ward.run_to(HALF_PAST_EIGHT + 30 * 60_000)
    ward.close()
    ward.start()
    ward.run_to(HALF_PAST_EIGHT + 60 * 60_000)
    assert tone(ward, "rehearsal") == tried  # a restart does not try again
    assert ward.notified("loud", "quiet") == []
    ward.run_to(HALF_PAST_EIGHT + 24 * 3_600_000 + 60_000)
    assert tone(ward, "rehearsal") == tried * 2


def test_green_is_a_proof_amber_says_why(ward: InProcessServer) -> None:
    ward.channels["sms"].always = Permanent("the token is wrong")
    before = colours(ward)
    assert (before["anna/phone"].good, before["anna/phone"].why) == (None, "not tried yet")
    evening(ward)
    seen = colours(ward)
    assert (seen["anna/phone"].good, seen["anna/phone"].why) == (True, "came back")
    assert (seen["bert/sms"].good, seen["bert/sms"].why) == (False, "the token is wrong")
    assert (seen["anna/tap"].good, seen["anna/tap"].why) == (
        False,
        "has never confirmed being woken",
    )
    ward.clock.advance(49 * 3_600_000)
    stale = colours(ward)["anna/phone"]
    assert (stale.good, stale.why) == (False, "not tried for two days")


REFUSED = "ntfy refuses it (HTTP 403)"


def test_a_push_that_is_refused_makes_its_way_amber_before_any_test(tmp_path: Path) -> None:
    ward = open_ward(tmp_path, people=PEOPLE)
    assert colours(ward)["anna/phone"].why == "not tried yet"
    ward.channels["phone"].always = Permanent(REFUSED)
    ward.play("b", 140, cold)
    way = colours(ward)["anna/phone"]
    assert (way.good, way.why) == (False, f"the last push has failed: {REFUSED}")
    assert colours(ward)["bert/sms"].why == "not tried yet"  # it has taken its push
    ward.channels["phone"].always = None
    ward.play("b", 60, cold)
    assert ward.pushes.arrived[-1].channel == "phone"
    assert colours(ward)["bert/phone"].why == "not tried yet"
    ward.close()


def test_a_push_that_is_refused_makes_its_way_amber_until_the_next_test(
    ward: InProcessServer,
) -> None:
    evening(ward)
    assert colours(ward)["anna/phone"].good
    ward.run_to(ward.begin_ms)
    ward.channels["phone"].always = Permanent(REFUSED)
    ward.play("b", 140, cold)
    way = colours(ward)["anna/phone"]
    assert (way.good, way.why) == (False, f"the last push has failed: {REFUSED}")
    ward.channels["phone"].always = None
    ward.clock.advance(HALF_PAST_EIGHT + 24 * 3_600_000 - 60_000 - ward.clock.now_ms)
    ward.run_to(HALF_PAST_EIGHT + 24 * 3_600_000 + 60_000)
    assert colours(ward)["anna/phone"].good


def test_a_test_that_hangs_is_amber_and_says_so(
    ward: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    evening(ward)
    at_ms = ward.clock.now_ms
    hangs = LastTest(DeliveryState.CLAIMED, None, None, at_ms, None)
    with ward.store.reader() as reader:
        monkeypatch.setattr(reader, "last_test", lambda *_way: hangs)
        found = route_statuses(reader, ward.settings, at_ms)
    why = "the test has not come back yet"
    assert found[0] == RouteStatus("anna", "phone", good=False, why=why, at_ms=at_ms)


def test_once_a_week_a_tap_says_that_one_can_be_woken(ward: InProcessServer) -> None:
    evening(ward)
    assert tone(ward, "confirm") == ["anna/phone", "bert/phone", "cleo/phone"]
    (push,) = [got.push for got in ward.pushes.arrived if got.push.to == "bert"]
    assert (push.title, push.buttons[0].label) == ("Can you be woken?", "I can be woken")
    assert (
        ward.answer(LinkClaims(TargetKind.DELIVERY, push.id, Action.AWAKE, 0, 0), b"t")
        is Outcome.DONE
    )
    assert colours(ward)["bert/tap"].good
    assert colours(ward)["bert/tap"].why == "confirmed today"
    assert not colours(ward)["anna/tap"].good
    ward.run_to(HALF_PAST_EIGHT + 24 * 3_600_000 + 60_000)
    assert len(tone(ward, "confirm")) == 3  # not on Saturday
    ward.clock.advance(8 * 86_400_000)
    assert colours(ward)["bert/tap"].why == "confirmed 9 days ago"
    assert not colours(ward)["bert/tap"].good


def test_a_test_that_is_tried_again_does_not_take_the_place_of_the_question(
    ward: InProcessServer,
) -> None:
    ward.channels["phone"].replies = [Retryable("what was sent cannot be read back")] * 3
    evening(ward)
    ward.run_to(HALF_PAST_EIGHT + 10 * 60_000)
    to_bert = [got.push for got in ward.pushes.tried if got.push.to == "bert"]
    on_phone = {push.thread: push.title for push in to_bert}  # one replaces what has the same
    assert to_bert[-1].title == "Evening test"  # it came behind the question
    assert sorted(on_phone.values()) == ["Can you be woken?", "Evening test"]


def test_a_server_that_starts_too_late_leaves_it_for_tomorrow(ward: InProcessServer) -> None:
    before, after = HALF_PAST_EIGHT - 1, HALF_PAST_EIGHT + 3 * 3_600_000 + 60_000
    assert evening_due(ward.settings, before, "") is None
    assert evening_due(ward.settings, HALF_PAST_EIGHT, "") == "2026-01-02"
    assert evening_due(ward.settings, HALF_PAST_EIGHT, "2026-01-02") is None
    assert evening_due(ward.settings, after, "") is None


def test_duty_is_amber_as_long_as_one_way_on_duty_is(
    ward: InProcessServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ward.channels["sms"].always = Permanent("the token is wrong")
    evening(ward)
    monkeypatch.setattr("time.time_ns", lambda: ward.clock.now_ms * 1_000_000)
    settings = replace(ward.settings, state_dir=str(tmp_path))
    found = InForce(settings, tmp_path, tmp_path / "unused.toml", loaded=None, running=True)
    monkeypatch.setattr("legwatch_server.cli.duty.judged", lambda _path: found)
    assert main(["duty", "--config", str(tmp_path / "unused.toml"), "--nights", "1"]) == 1
    said = capsys.readouterr().out
    assert "tonight  anna -> bert -> cleo" in said
    assert "anna         phone      green: came back, Fri 20:3" in said
    assert "bert         sms        AMBER: the token is wrong, Fri 20:3" in said
