"""A night on a fake clock: who is told when, what an answer stops, what recovery takes back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legwatch.contract.action import Action
from legwatch.testing import uncovering
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import Outcome
from legwatch_server.notify.channels import Permanent, PushError, Retryable
from legwatch_server.testing import InProcessServer
from server.ward import open_ward

PEOPLE = {
    "anna": {
        "role": "sleeper",
        "channels": ["phone"],
        "quiet": ["lamp"],
        "address": {"phone": "anna"},
    },
    "bert": {"channels": ["phone", "sms"], "address": {"phone": "bert", "sms": "bert-sms"}},
    "cleo": {"channels": ["phone"], "language": "de", "address": {"phone": "cleo"}},
}
COLD = uncovering((100, 190), uncovered_c=25.4)


def cold(minute: float) -> dict[str, Any]:
    """A sleeper who turns every quarter of an hour until the cover is off, and then lies still."""
    moves = 1 if minute < 95 and minute % 15 < 0.2 else 0
    return {"leg_c": COLD(minute), "room_c": 18.0, "moves": moves, "in_bed": True, "age_ms": 0}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    made = open_ward(tmp_path, people=PEOPLE, rules={"stillness.joint_s": 0})
    yield made
    made.close()


def fired(ward: InProcessServer) -> float:
    return next(minute for minute, _, _, what in ward.notified() if what == "fired")


def test_nobody_answers_the_second_at_n_the_third_at_2n_recovery_takes_all_back(
    ward: InProcessServer,
) -> None:
    ward.play("b", 240, cold)
    at = fired(ward)
    alarms = [entry for entry in ward.notified("loud") if entry[0] < at + 40]
    sounded = at + 10  # nobody moved, so the wait took its ten minutes
    assert ward.notified("quiet") == [(at, "", "quiet", "fired")]
    assert alarms == [
        (sounded, "anna", "loud", "repeated"),
        (sounded + 10, "bert", "loud", "repeated"),
        (sounded + 20, "cleo", "loud", "repeated"),
    ]
    info = ward.notified("info")
    warming, over = ([one for one in info if one[3] == what] for what in ("warming", "resolved"))
    assert len(warming) + len(over) == len(info)
    for said in (warming, over):
        assert sorted(person for _, person, _, _ in said) == ["anna", "bert", "cleo"]
    ended = over[0][0]
    taken = ward.channels["phone"].withdrawn
    assert {minute for minute, _ in taken} == {ended}
    assert {person for _, person in taken} == {"anna", "bert", "cleo"}
    assert ward.channels["lamp"].withdrawn == [(ended, "")]


def test_after_45_minutes_all_are_told_again_at_once(ward: InProcessServer) -> None:
    ward.play("b", 240, cold)
    at = fired(ward)
    raised = [entry for entry in ward.notified("loud") if entry[3] == "raised"]
    assert [(m, p) for m, p, _, _ in raised] == [(at + 45, p) for p in ("anna", "bert", "cleo")]


@pytest.mark.parametrize("order", [("cleo", "anna", "bert"), ("bert", "cleo", "anna")])
def test_all_are_told_in_the_order_of_the_roster_whatever_it_is(
    tmp_path: Path, order: tuple[str, ...]
) -> None:
    roster = [{"people": list(order)}]
    ward = open_ward(tmp_path, people=PEOPLE, rules={"stillness.joint_s": 0}, roster=roster)
    ward.play("b", 240, cold)
    for what in ("repeated", "raised"):
        loud = [person for _, person, _, said in ward.notified("loud") if said == what]
        assert loud[:3] == list(order), what
    for what in ("warming", "resolved"):
        info = [person for _, person, _, said in ward.notified("info") if said == what]
        assert info == list(order), what
    ward.close()


def test_an_answer_stops_it_and_those_who_were_told_hear_of_it(ward: InProcessServer) -> None:
    minute = 0
    while len(ward.notified("loud")) < 2:
        ward.play("b", 1, cold)
        minute += 1
        assert minute < 200
    push = ward.pushes.arrived[-1].push
    assert push.to == "bert"
    claims = LinkClaims(TargetKind.DELIVERY, push.id, Action.SEEN, 0, 0)
    assert ward.answer(claims, b"token") is Outcome.DONE
    ward.play("b", 40, cold)
    assert [entry[1] for entry in ward.notified("loud")] == ["anna", "bert"]
    assert [(e[1], e[3]) for e in ward.notified("info")] == [("anna", "acknowledged")]
    assert "bert has seen it." in ward.pushes.arrived[-1].push.text
    states = dict(ward.rows("SELECT person, state FROM deliveries WHERE tone='loud' AND rank=0"))
    assert states == {"anna": "withdrawn", "bert": "answered", "cleo": "withdrawn"}


def test_a_used_link_does_nothing_a_second_time(ward: InProcessServer) -> None:
    ward.play("b", 130, cold)
    push = ward.pushes.arrived[-1].push
    claims = LinkClaims(TargetKind.DELIVERY, push.id, Action.SNOOZE, 30, 0)
    assert ward.answer(claims, b"one") is Outcome.DONE
    before = ward.rows("SELECT count(*) FROM notices")
    assert ward.answer(claims, b"one") is Outcome.AGAIN  # the phone's own retry
    ward.clock.advance(61_000)
    assert ward.answer(claims, b"one") is Outcome.USED
    assert ward.rows("SELECT count(*) FROM notices") == before
    assert ward.answer(claims._replace(id=9999), b"two") is Outcome.GONE


def test_a_snooze_survives_a_restart_and_ends_on_time(ward: InProcessServer) -> None:
    while not ward.notified("loud"):
        ward.play("b", 1, cold)
    at = ward.minute
    claims = LinkClaims(TargetKind.DELIVERY, ward.pushes.arrived[-1].push.id, Action.SNOOZE, 15, 0)
    assert ward.answer(claims, b"one") is Outcome.DONE
    ward.close()
    ward.start()
    ward.play("b", 30, cold)
    later = [entry for entry in ward.notified("loud") if entry[0] > at]
    assert later[0] == (at + 15, "anna", "loud", "repeated")


def test_a_channel_that_refuses_hands_over_to_the_next_at_once(ward: InProcessServer) -> None:
    ward.channels["phone"].always = Permanent("the token is wrong")
    ward.play("b", 150, cold)
    at = fired(ward) + 10
    # Anna has no other channel and Bert's second works, so Bert is told in Anna's place.
    assert ward.notified("loud")[0] == (at, "bert-sms", "loud", "repeated")
    assert [entry[1] for entry in ward.notified("loud")] == ["bert-sms"]
    reasons = [r for (r,) in ward.rows("SELECT reason FROM steps WHERE state='decided'") if r]
    assert "earlier: anna cannot be reached" in reasons


def assert_sms_after_half_a_minute(ward: InProcessServer) -> None:
    ward.play("b", 125, cold)
    (first, *_) = ward.notified("loud")
    begun = next(got.minute for got in ward.pushes.tried)
    assert (first[0], first[1]) == (begun + 0.5, "bert-sms")
    ward.close()


def test_a_channel_that_is_slow_is_joined_by_the_next_in_time(tmp_path: Path) -> None:
    people = {"bert": PEOPLE["bert"]}
    ward = open_ward(tmp_path, people=people, rules={"stillness.joint_s": 0, "alerts.wait_s": 0})
    ward.channels["phone"].always = Retryable("away")
    assert_sms_after_half_a_minute(ward)


def test_the_third_channel_follows_the_second_which_took_the_place_of_the_first(
    tmp_path: Path,
) -> None:
    people = {"bert": {"channels": ["over", "phone", "sms"], "address": {"sms": "bert-sms"}}}
    ward = open_ward(tmp_path, people=people, rules={"stillness.joint_s": 0, "alerts.wait_s": 0})
    ward.channels["over"].always = Permanent("the token is wrong")
    ward.channels["phone"].always = Retryable("away")
    assert_sms_after_half_a_minute(ward)


def test_recovery_before_the_next_person_is_due_tells_them_nothing(tmp_path: Path) -> None:
    own = {"stillness.joint_s": 0, "warmth.not_answered_s": 7200}
    ward = open_ward(tmp_path, people=PEOPLE, rules=own, escalation={"next_min": 60.0})
    ward.play("b", 240, cold)
    assert [entry[1] for entry in ward.notified("loud")] == ["anna", "bert"]
    assert {entry[1] for entry in ward.notified("info")} == {"anna", "bert"}
    calls = ward.rows(
        "SELECT person, reason FROM steps JOIN deliveries d ON d.id=delivery_id"
        " WHERE steps.state='withdrawn' AND d.attempt=0 AND tone='loud' AND rank=0"
    )
    assert calls[-1] == ("cleo", "resolved before")
    ward.close()


def test_each_reads_their_own_language_and_point_of_view(ward: InProcessServer) -> None:
    ward.play("b", 150, cold)
    by = {got.push.to: got.push for got in ward.pushes.arrived if got.push.purpose == "loud"}
    assert by["anna"].text.startswith("The air by your legs has fallen from ")
    assert by["bert"].text.startswith("The air by the legs has fallen from ")
    assert by["cleo"].text.startswith("Die Luft an den Beinen ist in ")
    assert [action.label for action in by["cleo"].buttons] == [
        "Gesehen",
        "30 min Ruhe",
        "Nicht nützlich",
    ]
    assert all(
        action.url.startswith("https://legs.example/answer/") for action in by["anna"].buttons
    )


HOUR_MS = 3_600_000
BY_NIGHT = [{"people": ["bert"], "nights": ["fri"]}, {"people": ["cleo"], "nights": ["sat", "sun"]}]
TWO = {name: PEOPLE[name] for name in ("bert", "cleo")}


def well(minute: float) -> dict[str, Any]:
    """A covered sleeper who turns every quarter of an hour."""
    moves = 1 if minute % 15 < 0.2 else 0
    leg_c = 31.0 + minute % 2 / 10
    return {"leg_c": leg_c, "room_c": 18.0, "moves": moves, "in_bed": True, "age_ms": 0}


@pytest.mark.slow  # three nights
def test_who_has_the_next_night_hears_that_the_bed_cannot_be_seen(tmp_path: Path) -> None:
    ward = open_ward(tmp_path, people=TWO, roster=BY_NIGHT)
    ward.play("b", 30, well)
    for hour in range(1, 60):  # the agent is dead
        ward.run_to(ward.begin_ms + 30 * 60_000 + hour * HOUR_MS)
    told = [(int(minute // 60), who, what) for minute, who, _, what in ward.notified("loud")]
    assert told == [(0, "bert", "fired"), (23, "cleo", "repeated"), (47, "cleo", "repeated")]
    ward.close()


LONG = uncovering((100, 900), uncovered_c=25.4)
BERT = PEOPLE["bert"] | {"channels": ["phone"]}
STILL = {"stillness.joint_s": 0, "alerts.wait_s": 0, "care.warn_s": 3600}
STILL |= {"warmth.not_answered_s": 7200}


def cold_on(minute: float) -> dict[str, Any]:
    """As `cold`, and nobody ever covers the legs."""
    return cold(minute) | {"leg_c": LONG(minute)}


def test_lying_still_is_told_to_whom_cold_legs_do_not_wake(tmp_path: Path) -> None:
    people = {"anna": PEOPLE["anna"], "bert": BERT | {"woken_for": {"cold": "never"}}}
    ward = open_ward(tmp_path, people=people, rules=STILL)
    ward.play("b", 140, lambda m: cold_on(m) | {"moves": 1 if m < 62 and m % 15 < 0.2 else 0})
    fired = "SELECT held FROM notices WHERE kind='still' AND level='warning' ORDER BY id LIMIT 1"
    assert ward.rows(fired) == [("joined",)]
    told = ward.rows("SELECT DISTINCT kind, person FROM deliveries WHERE tone='loud'")
    assert set(told) >= {("cold", "anna"), ("still", "bert")}
    assert ("cold", "bert") not in told
    ward.close()


def test_quiet_for_cold_legs_does_not_mute_lying_still(tmp_path: Path) -> None:
    rules = STILL | {"alerts.budget_gap_s": 600}
    ward = open_ward(tmp_path, people={"bert": BERT}, rules=rules)
    ward.play_until_loud("b", cold_on)
    ward.answer(
        LinkClaims(TargetKind.DELIVERY, ward.pushes.arrived[-1].push.id, Action.SNOOZE, 60, 0),
        b"one",
    )
    ward.play("b", 55, cold_on)
    said = ward.rows("SELECT held FROM notices WHERE kind='still' AND level='warning'")
    assert said == [(None,)]
    ward.close()


def test_what_is_urgent_is_never_planned_for_nobody(tmp_path: Path) -> None:
    people = {"anna": PEOPLE["anna"], "bert": BERT | {"woken_for": {"cold": "never"}}}
    rules = {"stillness.joint_s": 0, "alerts.wait_s": 0}
    ward = open_ward(tmp_path, people=people, rules=rules, roster=[{"people": ["bert"]}])
    ward.play("b", 170, cold)
    told = [(who, what) for _, who, _, what in ward.notified("loud")]
    assert told[0] == ("anna", "raised")  # the warning before it woke nobody, as bert asked
    ward.close()


def test_of_a_sensor_that_comes_and_goes_the_phone_keeps_that_nothing_can_be_seen(
    tmp_path: Path,
) -> None:
    """Its second end is held back, and so nobody is told of it."""
    ward = open_ward(tmp_path, people={"bert": PEOPLE["bert"]}, rules=STILL)

    def gaps(minute: float) -> dict[str, Any]:
        gone = any(since <= minute < since + 25 for since in (40, 110, 180))
        return well(minute) | ({"leg_c": None} if gone else {})

    ward.play("b", 260, gaps)
    ward.close()
    said = [got.push.transition.value for got in ward.pushes.arrived]
    assert said == ["fired", "resolved", "fired"]


@pytest.mark.parametrize("error", [Permanent("no lamp"), Retryable("no answer")])
def test_a_first_sign_that_the_lamp_does_not_show_comes_to_the_phone(
    tmp_path: Path, error: PushError
) -> None:
    ward = open_ward(tmp_path, people=PEOPLE, rules={"stillness.joint_s": 0})
    ward.channels["lamp"].always = error
    ward.play("b", 240, cold)
    at = fired(ward)
    assert [(minute - at < 2, who) for minute, who, *_ in ward.notified("quiet")] == [
        (True, "anna")
    ]
    ward.close()
