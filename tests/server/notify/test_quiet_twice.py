"""Quiet that is asked for twice: who has heard of it hears again only if it lasts longer now."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from legwatch.contract.action import Action
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import Outcome
from legwatch_server.notify.channels import Permanent
from legwatch_server.testing import InProcessServer
from server.notify.test_escalation import PEOPLE, cold
from server.ward import open_ward

TOLD = "Somebody at the server asked for quiet for {} min."


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[InProcessServer]:
    people = {name: PEOPLE[name] for name in ("anna", "bert")}
    made = open_ward(tmp_path, people=people, rules={"stillness.joint_s": 0, "alerts.wait_s": 0})
    made.play_until_loud("b", cold)
    yield made
    made.close()


def quiet(ward: InProcessServer, minutes: int, via: str = "command line") -> None:
    (ident,) = ward.rows("SELECT min(id) FROM notices WHERE what='fired'")[0]
    claims = LinkClaims(TargetKind.NOTICE, ident, Action.SNOOZE, minutes, 0)
    assert ward.answer(claims, via=via) is Outcome.DONE


def heard(ward: InProcessServer) -> list[str]:
    return [got.push.text for got in ward.pushes.arrived if got.push.purpose == "info"]


@pytest.mark.parametrize("second_min", [30, 15])
def test_the_same_end_is_said_once_and_both_answers_are_stored(
    ward: InProcessServer, second_min: int
) -> None:
    quiet(ward, 30)
    ward.clock.advance(20_000)
    quiet(ward, second_min)
    assert heard(ward) == [TOLD.format(30)]
    assert ward.rows("SELECT count(*) FROM notices WHERE what='snoozed'") == [(2,)]


def test_a_later_end_is_said(ward: InProcessServer) -> None:
    quiet(ward, 30)
    quiet(ward, 60)
    ward.clock.advance(61_000)
    quiet(ward, 60)
    assert heard(ward) == [TOLD.format(30), TOLD.format(60), TOLD.format(60)]


def test_quiet_for_urgent_alerts_too_is_said_after_quiet_for_warnings(
    ward: InProcessServer,
) -> None:
    of_bed = LinkClaims(TargetKind.BED, ward.unit.beds["b"].id, Action.SNOOZE, 30, 0)
    assert ward.answer(of_bed, via="command line") is Outcome.DONE
    quiet(ward, 30)
    assert heard(ward) == [f"{TOLD.format(30)} Urgent alerts still sound.", TOLD.format(30)]


def test_another_person_is_named(ward: InProcessServer) -> None:
    quiet(ward, 30)
    quiet(ward, 30, via="the page")
    assert len(heard(ward)) == 2


def test_whoever_did_not_get_the_first_word_gets_the_second(ward: InProcessServer) -> None:
    ward.channels["phone"].always = Permanent("the topic is gone")
    quiet(ward, 30)
    ward.channels["phone"].always = None
    quiet(ward, 30)
    assert heard(ward) == [TOLD.format(30)]
