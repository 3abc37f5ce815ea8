"""Silence of the whole server is told: nothing arrives, no push leaves, a rival at the broker."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.contract.topics import Channel, topic
from legwatch_server.notify.channels import Permanent, PushError, Retryable
from legwatch_server.testing import InProcessServer
from server.ward import MINUTE_MS, open_ward

PEOPLE = {"anna": {"role": "sleeper", "channels": ["phone", "pager"]}, "bert": {}}
ALL = {"leg_c": 31.0, "room_c": 18.0, "moves": 1, "in_bed": True}


def well(_minute: float) -> dict[str, Any]:
    return ALL


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path, people=PEOPLE, push={"channels": ["phone"]})
    yield made
    made.close()


def wait(server: InProcessServer, minutes: int) -> None:
    for _ in range(minutes):
        server.run_to(server.clock.now_ms + MINUTE_MS)


def reports(server: InProcessServer) -> list[str]:
    found = [stored.notice for stored in server.notices()]
    return [one.reason.value for one in found if one.transition == "reported"]


def test_nothing_arrives_though_there_is_a_broker(ward: InProcessServer) -> None:
    ward.play("b", 2, well)
    assert (list(ward.silence.concerns()), reports(ward)) == ([], [])
    ward.broker.quiet_s = 360.0
    wait(ward, 2)
    (wrong,) = ward.silence.concerns()
    assert "nothing for 6 min" in wrong
    assert "the broker's ACL" in wrong
    assert reports(ward) == ["nothing_arrives"]
    assert [push.title for _, _, push in ward.pushes.arrived] == ["No bed can be seen"] * 2
    wait(ward, 9)
    assert reports(ward) == ["nothing_arrives"]


def test_beds_that_are_known_to_be_off_are_no_silence_of_the_broker(ward: InProcessServer) -> None:
    ward.play("b", 2, well)
    ward.turn([ward.message(topic("b", Channel.STATUS), b"offline")])
    ward.broker.quiet_s = 3600.0
    wait(ward, 2)
    assert list(ward.silence.concerns()) == []
    assert "nothing_arrives" not in reports(ward)


def test_a_server_that_has_never_heard_of_a_bed_is_told_once(ward: InProcessServer) -> None:
    """No bed is in the settings, and the broker's rights drop all: it would wait for ever."""
    ward.broker.quiet_s = 299.0
    wait(ward, 1)
    assert (list(ward.silence.concerns()), reports(ward)) == ([], [])
    ward.broker.quiet_s = 301.0
    wait(ward, 9)
    assert len(list(ward.silence.concerns())) == 1
    assert reports(ward) == ["nothing_arrives"]
    assert {push.purpose.value for _, _, push in ward.pushes.arrived} == {"quiet"}


def test_a_bed_that_plays_nights_may_be_over(tmp_path: Path) -> None:
    ward = open_ward(tmp_path, people=PEOPLE, push={"channels": ["phone"]})
    ward.play("b", 1, well)
    ward.unit.beds["b"].played = True
    ward.broker.quiet_s = 3600.0
    wait(ward, 1)
    assert list(ward.silence.concerns()) == []
    ward.close()


def test_a_rival_for_the_servers_place_is_told_once(ward: InProcessServer) -> None:
    ward.broker.rival = True
    wait(ward, 4)
    assert reports(ward) == ["shared_name"]
    assert "mqtt.client_id" in ward.pushes.arrived[0].push.text


def test_a_port_that_is_taken_is_told_once(ward: InProcessServer) -> None:
    ward.play("b", 5, well)
    ward.silence.closed = lambda: "nothing listens on 127.0.0.1:8080: Address already in use"
    ward.play("b", 4, well)
    assert reports(ward) == []
    ward.play("b", 8, well)
    assert reports(ward) == ["not_listening"]
    assert "http.port" in ward.pushes.arrived[0].push.text
    ward.silence.closed = str
    ward.play("b", 8, well)
    assert reports(ward) == ["not_listening"]


def silent_night(ward: InProcessServer) -> None:
    """Let the bedside die: somebody has to be woken, again and again."""
    ward.play("b", 2, well)
    wait(ward, 18)


def test_nobody_can_be_reached(ward: InProcessServer) -> None:
    for channel in ward.channels.values():
        channel.always = Permanent("ntfy answered 403: the token may not do this")
    silent_night(ward)
    assert ward.reach.is_lost() is False  # it has just begun
    wait(ward, 12)
    assert ward.reach.is_lost()
    (wrong,) = ward.reach.concerns()
    assert "no push has reached anybody" in wrong


def test_one_way_that_works_is_enough(ward: InProcessServer) -> None:
    ward.channels["phone"].always = Permanent("no")
    silent_night(ward)
    wait(ward, 30)
    assert ward.reach.is_lost() is False


def test_when_a_way_works_again_people_hear_that_none_had(ward: InProcessServer) -> None:
    for name in ("phone", "pager"):
        ward.reach.note("anna", name, sent=False)
    ward.reach.note("bert", "phone", sent=False)
    wait(ward, 10)
    assert reports(ward) == []
    ward.reach.note("bert", "phone", sent=True)
    wait(ward, 2)
    assert reports(ward) == ["no_push_leaves"]
    assert "For 10 min no push could be sent" in ward.pushes.arrived[0].push.text
    assert {push.purpose.value for _, _, push in ward.pushes.arrived} == {"quiet"}


@pytest.mark.parametrize("before", [False, True], ids=["from the start", "later"])
def test_a_way_that_fails_for_a_minute_at_night_is_no_silence(
    ward: InProcessServer, before: bool
) -> None:
    """A push is withdrawn before it is tried again: nobody knows any more whether the way works."""
    if before:
        ward.reach.note("anna", "phone", sent=True)
    for person, channel in (("anna", "phone"), ("anna", "pager"), ("bert", "phone")):
        ward.reach.note(person, channel, sent=False, again_s=64.0)
    for _ in range(20):
        wait(ward, 1)
        assert not ward.reach.is_lost()
    assert reports(ward) == []
    assert list(ward.silence.concerns()) == []


def fails(ward: InProcessServer, why: PushError | None) -> None:
    for channel in ward.channels.values():
        channel.always = why


AWAY = Retryable("ntfy cannot be reached: connection refused or no network")


def test_an_outage_of_the_internet_is_told_once_and_wakes_nobody(ward: InProcessServer) -> None:
    fails(ward, AWAY)
    silent_night(ward)
    wait(ward, 30)
    assert ward.reach.is_lost()
    fails(ward, None)
    wait(ward, 8)
    assert reports(ward) == ["no_push_leaves"]
    fails(ward, AWAY)  # it stumbles once more
    ward.reach.note("anna", "phone", sent=False, again_s=300.0)
    ward.reach.note("anna", "pager", sent=False, again_s=300.0)
    ward.reach.note("bert", "phone", sent=False, again_s=300.0)
    wait(ward, 6)
    fails(ward, None)
    ward.reach.note("bert", "phone", sent=True)
    wait(ward, 20)
    told = [push for _, _, push in ward.pushes.arrived if push.title == "Nobody could be reached"]
    assert len(told) == len({push.thread for push in told}) == 2  # once to each person
    assert {push.purpose.value for push in told} == {"quiet"}


def test_a_server_that_starts_while_the_internet_is_away_finds_nobody_unreachable_without_a_push(
    ward: InProcessServer,
) -> None:
    fails(ward, AWAY)
    ward.restart()
    ward.play("b", 8, well)
    assert (ward.reach.is_lost(), reports(ward)) == (False, [])
    fails(ward, None)
    ward.play("b", 3, well)
    assert (reports(ward), ward.pushes.arrived) == ([], [])


def test_an_alert_that_nobody_answers_has_reached_somebody(ward: InProcessServer) -> None:
    silent_night(ward)
    assert ward.pushes.arrived
    wait(ward, 20)
    assert (ward.reach.is_lost(), reports(ward)) == (False, [])


def test_the_log_is_no_way_to_a_person_where_there_is_another(tmp_path: Path) -> None:
    people = {"anna": {"channels": ["console", "phone"]}}
    ward = open_ward(tmp_path, people=people)
    ward.reach.note("anna", "console", sent=True)  # as of settings before a reload
    ward.reach.note("anna", "phone", sent=False)
    wait(ward, 5)
    assert ward.reach.is_lost()
    ward.close()


def test_a_service_that_stumbles_for_a_minute_at_night_is_no_news(ward: InProcessServer) -> None:
    ward.play("b", 2, well)
    fails(ward, AWAY)
    for _ in range(40):
        wait(ward, 1)
        if ward.pushes.tried:
            break
    fails(ward, None)
    for _ in range(15):
        wait(ward, 1)
        assert not ward.reach.is_lost()
    assert ward.pushes.arrived[0].push.purpose == "loud"
    assert reports(ward) == []


def test_a_bed_that_cannot_be_judged_is_told_once(
    ward: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward.play("b", 2, well)
    tick = ward.unit.tick

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(ward.unit, "tick", broken)
    wait(ward, 3)
    assert reports(ward) == []  # it may be a passing fault
    wait(ward, 9)
    assert reports(ward) == ["not_judged"]
    assert "when it judges this bed: b." in ward.pushes.arrived[0].push.text
    assert {push.purpose.value for _, _, push in ward.pushes.arrived} == {"quiet"}
    monkeypatch.setattr(ward.unit, "tick", tick)
    wait(ward, 2)
    assert ward.status.now().unjudged == frozenset()


def test_after_a_sleep_of_the_machine_what_comes_is_waited_for(ward: InProcessServer) -> None:
    ward.play("b", 5, well)
    ward.clock.sleep_machine(400_000)
    ward.broker.quiet_s = 400.5
    ward.turn()
    ward.broker.quiet_s = 0.0
    ward.play("b", 3, well)
    assert reports(ward) == []
