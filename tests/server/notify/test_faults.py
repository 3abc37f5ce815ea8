"""The push service down, in every way it can be: what happens, and that others go on."""

import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from legwatch_server.notify.channels import build_channel
from legwatch_server.notify.channels.ntfy import Ntfy
from legwatch_server.testing import InProcessServer
from server.notify.test_escalation import cold
from server.service import Answer, Asked, Service, ntfy, ntfy_refuses, self_signed
from server.ward import BEGIN, open_ward

pytestmark = pytest.mark.slow

NTFY = {"channels": ["ntfy"], "address": {"ntfy": "bert"}}
SMS = {"channels": ["sms"], "address": {"sms": "cleo"}}
OWN = {"stillness.joint_s": 0, "alerts.wait_s": 0, "warmth.not_answered_s": 7200}


def make(folder: Path, url: str, *, second: bool = False, minutes: int = 90) -> InProcessServer:
    """A ward in which Bert is told by ntfy, then perhaps by SMS, and Cleo a few minutes later."""
    bert = {**NTFY, "channels": ["ntfy", "sms"]} if second else NTFY
    table = {"bert": bert, "cleo": SMS}
    push = {"ntfy": {"url": url, "timeout_s": 1.0}}
    ward = open_ward(folder, people=table, push=push, rules=OWN, escalation={"next_min": 5.0})
    ward.use_channel("ntfy", build_channel(Ntfy, "ntfy", ward.settings))
    while not ward.rows("SELECT 1 FROM deliveries"):
        ward.play("b", 1, bare)
    ward.play("b", minutes, bare)
    return ward


def bare(minute: float) -> dict[str, Any]:
    """Return an evening in which the legs get cold, and stay bare."""
    return cold(min(minute, 150))


def fired(ward: InProcessServer) -> float:
    """Return the minute of the decision."""
    sql = "SELECT min(decided_ms) FROM deliveries"
    return float((ward.rows(sql)[0][0] - ward.begin_ms) / 60_000)


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.close()


def tries(ward: InProcessServer) -> list[tuple[float, str]]:
    """Return (minutes since the first, reason) of every attempt that failed."""
    sql = (
        "SELECT at_ms, reason FROM steps WHERE state IN ('retry','failed') AND delivery_id ="
        " (SELECT min(id) FROM deliveries WHERE channel='ntfy' AND tone='loud') ORDER BY id"
    )
    rows = ward.rows(sql)
    return [((at_ms - rows[0][0]) / 60_000, reason) for at_ms, reason in rows]


def test_down_for_an_hour_then_it_arrives_and_says_how_late(
    service: Service, tmp_path: Path
) -> None:
    wards: list[InProcessServer] = []

    def answer(asked: Asked) -> Answer:
        down = not wards or len(service.asked) < 18
        return Answer(500) if down else ntfy(asked)

    service.answer = answer
    wards.append(make(tmp_path, service.url, minutes=75))
    (ward,) = wards
    failed = tries(ward)
    waits = [round((b - a) * 60) for (a, _), (b, _) in pairwise(failed)]
    assert waits[:8] == [2, 4, 8, 16, 32, 64, 128, 256]
    assert set(waits[8:]) == {300}
    assert all(reason.startswith("ntfy answered 500; again in") for _, reason in failed)
    last = json.loads(service.asked[-1].body)
    decided = datetime.fromtimestamp((BEGIN / 60_000 + fired(ward)) * 60, UTC)
    assert f"(late: decided at {decided:%H:%M})" in last["message"]
    (cleo,) = [entry for entry in ward.notified("loud") if entry[1] == "cleo"]
    assert cleo[0] == fired(ward) + 5
    ward.close()


def test_too_many_requests_waits_as_long_as_asked(service: Service, tmp_path: Path) -> None:
    service.answer = lambda _asked: Answer(429, headers=(("Retry-After", "600"),))
    ward = make(tmp_path, service.url, minutes=61)
    failed = tries(ward)
    assert [at for at, _ in failed] == pytest.approx([10.0 * n for n in range(len(failed))])
    assert len(failed) in (6, 7)
    assert "429: too many messages; again in 600 s" in failed[0][1]
    ward.close()


def test_a_wrong_token_is_given_up_at_once_and_the_next_person_told(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEGWATCH_NTFY_TOKEN", "tk_wrong")
    service.answer = lambda _asked: ntfy_refuses(401)
    ward = make(tmp_path, service.url, minutes=20)
    assert len(service.asked) == 1
    (failed,) = tries(ward)
    assert "the token is wrong" in failed[1]
    (cleo,) = ward.notified("loud")
    assert cleo[0] == fired(ward)  # not five minutes later
    assert "token is wrong" in ward.outboxes["ntfy"].failing
    ward.close()


def refused_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def says(answer: Answer) -> Callable[[Service], str]:
    """Have the service answer so, and return its address."""

    def begin(service: Service) -> str:
        service.answer = lambda _asked: answer
        return service.url

    return begin


PAGE = b"<html><title>Hotel login</title></html>"
PORTAL = (("Location", "http://portal.example/login"),)

FAULTS: dict[str, tuple[Callable[[Service], str], str]] = {
    "time-out": (says(Answer(after_s=1.5)), "did not answer in time"),
    "no such name": (lambda _s: "http://push.invalid", "no such name, or no DNS"),
    "refused": (lambda _s: refused_port(), "connection refused or no network"),
    "login page": (says(Answer(body=PAGE)), "not from ntfy: 200, the page 'Hotel login'"),
    "sent on": (says(Answer(302, headers=PORTAL)), "302, a redirect to http://portal.example"),
    "forbidden": (says(Answer(403, PAGE)), "not from ntfy: 403, the page 'Hotel login'"),
    "its API": (says(Answer(body=b'{"id": "x", "online": false}')), "not from ntfy: 200, '{"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_reached_is_tried_again_and_others_go_on(
    fault: str, service: Service, tmp_path: Path
) -> None:
    address, words = FAULTS[fault]
    ward = make(tmp_path, address(service), second=True, minutes=3)
    failed = tries(ward)
    assert 3 <= len(failed) <= 5  # 2, 4, 8, 16 s, and then the other channel has reached him
    assert [reason for _, reason in failed if words not in reason] == []
    (reached,) = [entry for entry in ward.notified("loud") if entry[1] == ""]
    assert reached[0] == fired(ward) + 0.5
    state = "SELECT state, error FROM deliveries WHERE channel='ntfy' AND tone='loud' AND rank=0"
    assert ward.rows(state)[0] == ("withdrawn", "reached by sms")
    ward.close()


def test_a_certificate_that_is_not_trusted_is_said_so(tmp_path: Path) -> None:
    service = Service(self_signed(tmp_path / "cert.pem"))
    ward = make(tmp_path, service.url, second=True, minutes=2)
    assert service.asked == []  # nothing was told to whoever this is
    assert all("a certificate that is not trusted" in reason for _, reason in tries(ward))
    assert [entry[1] for entry in ward.notified("loud")] == [""]
    ward.close()
    service.close()


def test_one_hanging_phone_holds_up_no_other(service: Service, tmp_path: Path) -> None:
    """Twenty people are due at once; the service never answers for the first of them."""
    people: dict[str, Any] = {
        f"p{n}": {"channels": ["ntfy"], "address": {"ntfy": f"t{n}"}, "role": "sleeper"}
        for n in range(20)
    }  # fmt: skip

    def answer(asked: Asked) -> Answer:
        slow = json.loads(asked.body)["topic"] == "t0"
        return Answer(after_s=5.0) if slow else ntfy(asked)

    service.answer = answer
    push = {"ntfy": {"url": service.url, "timeout_s": 4.0}}
    ward = open_ward(tmp_path, people=people, push=push, rules=OWN)
    ward.use_channel("ntfy", build_channel(Ntfy, "ntfy", ward.settings))
    for minute in range(120):
        ward.clock.advance(60_000)
        ward.feed("b", minute, cold)
    due = "SELECT count(*) FROM deliveries WHERE tone='loud'"
    assert ward.rows(due)[0][0] == 20
    ward.clock.advance(4 * 3_600_000)
    box = ward.outboxes["ntfy"]
    for _ in range(40):  # turns, each with something that came back
        box.turn(5.0)
        if ward.rows("SELECT count(*) FROM deliveries WHERE state='sent'")[0][0] == 19:
            break
    assert ward.rows("SELECT person FROM deliveries WHERE state!='sent'") == [("p0",)]
    ward.settle()
    ward.close()
