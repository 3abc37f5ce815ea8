"""The evening's try of every way, the weekly tap, and the sign of life for a watcher elsewhere."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from legwatch.__main__ import main
from legwatch.testing import ms
from legwatch_server.inbox import Action, LinkClaims, Outcome, TargetKind
from legwatch_server.notify.channels import Permanent
from legwatch_server.notify.rehearsal import RouteStatus, evening_due, route_statuses
from legwatch_server.publish.deadman import DeadManSwitch
from legwatch_server.settings import HeartbeatTable
from legwatch_server.supervisor.toml import dump
from legwatch_server.testing import InProcessServer
from server.notify.test_escalation import PEOPLE
from server.service import Answer, Service
from server.ward import open_ward

EVENING = {"at": "20:30", "confirm": "fri"}  # the ward begins on a Friday
HALF_PAST_EIGHT = ms("2026-01-02T20:30Z")


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path, people=PEOPLE, rehearsal=EVENING)
    made.clock.now_ms = HALF_PAST_EIGHT - 60_000
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
    found = route_statuses(ward.path, ward.settings, ward.clock.now_ms)
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
    ward.clock.now_ms += 49 * 3_600_000
    stale = colours(ward)["anna/phone"]
    assert (stale.good, stale.why) == (False, "not tried for two days")


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
    ward.clock.now_ms += 8 * 86_400_000
    assert colours(ward)["bert/tap"].why == "confirmed 9 days ago"
    assert not colours(ward)["bert/tap"].good


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
    monkeypatch.setattr("legwatch_server.cli.duty.read", lambda _path: settings)
    assert main(["duty", "--config", str(tmp_path / "unused.toml"), "--nights", "1"]) == 1
    said = capsys.readouterr().out
    assert "tonight  anna -> bert -> cleo" in said
    assert "anna         phone      green: came back, Fri 20:3" in said
    assert "bert         sms        AMBER: the token is wrong, Fri 20:3" in said


@pytest.fixture
def watcher() -> Iterator[Service]:
    made = Service()
    yield made
    made.close()


def beats(watcher: Service, fresh_ms: int, now_ms: int) -> DeadManSwitch:
    table = HeartbeatTable(url=f"{watcher.url}/ping", every_s=10)
    return DeadManSwitch(table, lambda: fresh_ms, lambda: now_ms)


def test_the_watcher_hears_of_us_only_while_fresh_windows_come(watcher: Service) -> None:
    assert beats(watcher, 1_000_000, 1_100_000).beat()
    assert [asked.path for asked in watcher.asked] == ["/ping"]
    for fresh_ms in (0, 1_000_000):  # never a window; the last one too long ago
        silent = beats(watcher, fresh_ms, 1_000_000 + 181_000)
        assert not silent.beat()
        assert silent.withheld == 1
    assert len(watcher.asked) == 1


def test_a_watcher_that_cannot_be_reached_is_said_once(
    watcher: Service, caplog: pytest.LogCaptureFixture
) -> None:
    watcher.answer = lambda _asked: Answer(500)
    failing = beats(watcher, 1, 2)
    assert [failing.beat() for _ in range(3)] == [False, False, False]
    warned = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert warned == ["the heartbeat failed: the watcher answered 500"]


def test_played_and_late_windows_are_no_sign_of_life(tmp_path: Path) -> None:
    """Only a window of a real bed that came in time feeds the heartbeat."""
    ward = open_ward(tmp_path)

    def look(minute: float) -> dict[str, Any]:
        age_ms = 400_000 if minute <= 1 else 0
        return {"leg_c": 30.0, "room_c": 18.0, "moves": 0, "in_bed": True, "age_ms": age_ms}

    seen = []
    for minute in range(2):
        ward.feed("b", minute, look)
        seen.append(ward.unit.fresh)
    assert seen == [False, True]
    ward.close()


def test_a_heartbeat_wants_an_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "server.toml"
    path.write_text(dump({"heartbeat": {"url": "hc.example/ping"}}))
    assert main(["check-config", str(path)]) == 2
    said = capsys.readouterr().err
    assert "heartbeat.url: an address with http:// or https:// is expected" in said
