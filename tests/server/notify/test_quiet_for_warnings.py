"""Quiet for all warnings of a bed: what is urgent is told on, and nobody hears that it is quiet."""

from pathlib import Path

import pytest

from legwatch.contract.action import Action
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import Outcome
from legwatch_server.testing import InProcessServer
from server.notify.test_escalation import PEOPLE, cold
from server.ward import open_ward, press

OWN = {"stillness.joint_s": 0, "alerts.wait_s": 0, "warmth.not_answered_s": 900}


def quiet_for_all(ward: InProcessServer) -> None:
    claims = LinkClaims(TargetKind.BED, ward.unit.beds["b"].id, Action.SNOOZE, 30, 0)
    assert ward.answer(claims, via="command line") is Outcome.DONE


def loud_after(ward: InProcessServer, minutes: int) -> list[str]:
    before = len(ward.notified("loud"))
    ward.play("b", minutes, cold)
    return [who for _, who, _, _ in ward.notified("loud")[before:]]


def waiting(ward: InProcessServer) -> list[str]:
    sql = "SELECT DISTINCT person FROM deliveries WHERE tone='loud' AND state='decided' ORDER BY 1"
    return [who for (who,) in ward.rows(sql)]


@pytest.mark.parametrize("by", ["command line", "button"])
def test_what_is_urgent_is_told_on_and_stays_on_the_phones(tmp_path: Path, by: str) -> None:
    ward = open_ward(tmp_path, people=PEOPLE, rules=OWN)
    while not any(what == "raised" for _, _, _, what in ward.notified("loud")):
        ward.play("b", 1, cold)
        assert ward.minute < 220
    left, taken = waiting(ward), list(ward.channels["phone"].withdrawn)
    assert left
    if by == "button":
        press(ward, button="snooze", minutes=30)
    else:
        quiet_for_all(ward)
    ward.settle()
    assert ward.rows("SELECT count(*) FROM notices WHERE what='snoozed' AND kind='cold'") == [(1,)]
    assert waiting(ward) == left
    assert ward.channels["phone"].withdrawn == taken
    assert ward.notified("info") == []
    assert set(left) <= set(loud_after(ward, 12))
    ward.close()


def test_a_warning_is_quiet_and_its_people_hear_what_still_sounds(tmp_path: Path) -> None:
    ward = open_ward(tmp_path, people=PEOPLE, rules=OWN)
    ward.play_until_loud("b", cold)
    quiet_for_all(ward)
    ward.settle()
    assert waiting(ward) == []
    (heard,) = [got.push.text for got in ward.pushes.arrived if got.push.purpose == "info"]
    assert heard == "Somebody at the server asked for quiet for 30 min. Urgent alerts still sound."
    ward.close()
