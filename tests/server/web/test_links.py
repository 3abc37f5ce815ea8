"""Links that answer an alert, over real HTTP: what is refused, and that a look changes nothing."""

import base64
import logging
import queue
import random
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import urllib3

from legwatch.contract.action import Action
from legwatch.night import local
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import ActionRequested
from legwatch_server.signed_links import sign
from legwatch_server.testing import InProcessServer
from legwatch_server.web.actions import ActionHandler
from legwatch_server.web.listening import Listening
from legwatch_server.web.noted import looked
from legwatch_server.web.server import bind
from server.notify.test_escalation import cold
from server.ward import MINUTE_MS, open_ward

HOUR_MS = 60 * MINUTE_MS
ANNA = {"channels": ["phone"], "role": "sleeper"}
BEDS = ("left", "right")


@dataclass
class Household:
    """Two beds whose sleepers have been told that their legs are cold, and the door for answers."""

    ward: InProcessServer
    arrivals: "queue.SimpleQueue[ActionRequested]"
    web: Listening
    http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False))

    def link(self, bed: str, label: str) -> str:
        """Return the token of a button."""
        push = next(
            got.push for got in self.ward.pushes.arrived if got.push.bed == bed and got.push.buttons
        )
        (url,) = [action.url for action in push.buttons if action.label == label]
        assert url.startswith("https://legs.example/answer/")
        return url.rpartition("/")[2]

    def ask(self, method: str, token: str, language: str = "en") -> tuple[int, str]:
        """Ask as a phone does, while the owner's thread does its work here."""
        said: list[tuple[int, str]] = []
        url = f"http://127.0.0.1:{self.web.port}/answer/{token}"
        headers = {"Accept-Language": language}

        def phone() -> None:
            answer = self.http.request(method, url, headers=headers)
            said.append((answer.status, answer.data.decode()))

        thread = threading.Thread(target=phone)
        thread.start()
        while thread.is_alive():
            try:
                self.ward.turn([self.arrivals.get(timeout=0.002)])
            except queue.Empty:
                continue
        thread.join()
        return said[0]

    def tap(self, token: str) -> int:
        return self.ask("POST", token)[0]

    def everything(self) -> list[str]:
        """Return all that is stored, but for the time."""
        with closing(sqlite3.connect(self.ward.path)) as db:
            return [line for line in db.iterdump() if "VALUES('time'" not in line]

    def answers(self) -> list[tuple[Any, ...]]:
        return self.ward.rows("SELECT act, minutes, person, via FROM answers ORDER BY id")

    def quiet_until(self, bed: str) -> int:
        return self.ward.unit.beds[bed].state.bed.alerts.cold.snoozed_until_ms or 0


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Household]:
    people = {bed: {**ANNA, "beds": [bed], "address": {"phone": bed}} for bed in BEDS}
    ward = open_ward(tmp_path, people=people, rules={"alerts.wait_s": 0})
    while len({got.push.bed for got in ward.pushes.arrived if got.push.buttons}) < 2:
        begin_ms = ward.clock.now_ms
        ward.run_to(begin_ms + MINUTE_MS)
        for bed in BEDS:
            ward.feed(bed, (begin_ms - ward.begin_ms) // MINUTE_MS, cold)
        ward.settle()
    arrivals: queue.SimpleQueue[ActionRequested] = queue.SimpleQueue()
    look = partial(looked, ward.path)
    door = ActionHandler(ward.key, arrivals.put, lambda: ward.clock.now_ms, look)
    web = Listening(partial(bind, "127.0.0.1", 0, dict, door), "the test's port")
    web.start()
    made = Household(ward, arrivals, web)
    yield made
    made.http.clear()
    web.stop()
    ward.close()


def changed(token: str, place: int, value: int) -> str:
    """Return a token with one byte of what it says replaced: version, of, act, minutes, id."""
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    assert raw[place] != value
    raw[place] = value
    return base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()


def refusals(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if "refused" in r.getMessage()]


def bad_tokens(house: Household) -> dict[str, tuple[str, int, str]]:
    """Return what is wrong, the token, the status and the words of the log."""
    seen, now_ms, key = house.link("left", "Seen"), house.ward.clock.now_ms, house.ward.key
    other = LinkClaims(TargetKind.DELIVERY, 1, Action.SEEN, 0, now_ms + HOUR_MS)
    old = LinkClaims(TargetKind.DELIVERY, 1, Action.SEEN, 0, now_ms - 1000)
    gone = LinkClaims(TargetKind.DELIVERY, 99_999, Action.SEEN, 0, now_ms + HOUR_MS)
    last = base64.urlsafe_b64decode(seen + "=" * (-len(seen) % 4))[-1]
    return {
        "expired": (sign(old, key), 410, "too old"),
        "forged": (changed(seen, -1, last ^ 1), 403, "signature is wrong"),
        "made with another key": (sign(other, b"another key"), 403, "signature is wrong"),
        "wrong action": (changed(seen, 2, 1), 403, "signature is wrong"),
        "longer quiet": (changed(house.link("left", "Quiet for 30 min"), 3, 255), 403, "signature"),
        "other bed": (changed(seen, 11, 77), 403, "signature is wrong"),
        "of something gone": (sign(gone, key), 410, "gone"),
        "a page is no answer": (
            sign(LinkClaims(TargetKind.DELIVERY, 1, Action.PAGE, 0, now_ms + HOUR_MS), key),
            403,
            "holds no answer",
        ),
        "empty": ("", 403, "not a token"),
        "cut": (seen[:-4], 403, "not a token"),
        "no token at all": ("nonsense%00%ff", 403, "not a token"),
    }  # fmt: skip


def test_what_is_not_in_order_is_refused_logged_once_and_changes_nothing(
    house: Household, caplog: pytest.LogCaptureFixture
) -> None:
    before = house.everything()
    for name, (token, status, words) in bad_tokens(house).items():
        caplog.clear()
        assert [house.tap(token), house.tap(token)] == [status, status], name
        (line,) = refusals(caplog)
        assert words in line, name
        assert token not in line or not token, name  # a log is read by more people than a phone
    assert house.everything() == before


def test_guesses_open_nothing(house: Household, caplog: pytest.LogCaptureFixture) -> None:
    before, chance = house.everything(), random.Random(3)
    caplog.set_level(logging.ERROR)
    length = len(base64.urlsafe_b64decode(house.link("left", "Seen") + "=="))
    for _ in range(200):
        guess = base64.urlsafe_b64encode(chance.randbytes(length)).rstrip(b"=").decode()
        assert house.tap(guess) == 403
    assert house.everything() == before


def test_a_look_changes_nothing_and_shows_a_button(house: Household) -> None:
    before = house.everything()
    for label in ("Seen", "Quiet for 30 min", "Not useful"):
        status, page = house.ask("GET", house.link("left", label))
        assert status == 200
        assert f"<button>{label}</button>" in page
        assert page.count('<form method="post"') == 1
    assert house.everything() == before


def test_the_page_offers_every_answer_in_the_phones_language(house: Household) -> None:
    push = next(got.push for got in house.ward.pushes.arrived if got.push.page)
    status, page = house.ask("GET", push.page.rpartition("/")[2], "de-DE,de;q=0.9")
    assert status == 200
    for label in ("Gesehen", "15 min Ruhe", "30 min Ruhe", "60 min Ruhe", "Nicht nützlich"):
        assert f"<button>{label}</button>" in page
    token = page.split('action="')[1].split('"')[0]
    assert house.tap(token) == 200
    assert house.answers() == [("seen", None, push.bed, "link")]


def test_the_page_names_bed_and_alert_and_until_when_it_is_quiet(house: Household) -> None:
    quiet = house.link("left", "Quiet for 30 min")
    assert "Bed left, cold alerts. What shall be noted?" in house.ask("GET", quiet)[1]
    until = f"{local(house.ward.clock.now_ms + 30 * MINUTE_MS, UTC):%H:%M}"
    for _ in range(2):  # a phone that tries again sees the same
        said = house.ask("POST", quiet)[1]
        assert f"Noted: cold alerts of bed left are quiet until {until}." in said
    german = house.ask("POST", quiet, "de-DE")[1]
    assert f"Vermerkt: Bett left, Warnungen vor Kälte: Ruhe bis {until}." in german
    useless = house.ask("POST", house.link("right", "Not useful"))[1]
    assert "Noted: bed right, cold alerts: not useful; quiet until it is over" in useless
    seen = house.ask("POST", house.link("left", "Seen"), "de")[1]
    assert "Vermerkt: Bett left, Warnungen vor Kälte: gesehen; Ruhe, bis es vorbei ist" in seen


def test_an_answer_given_twice_is_one_answer(house: Household) -> None:
    """A phone sends again when it has heard nothing; later, it is a replay."""
    token = house.link("left", "Seen")
    assert house.tap(token) == 200
    after = house.everything()
    house.ward.clock.advance(30_000)
    assert house.tap(token) == 200
    house.ward.clock.advance(60_000)
    assert house.tap(token) == 410
    assert house.everything() == after


def test_an_answer_of_one_bed_leaves_the_other_alone(house: Household) -> None:
    assert house.tap(house.link("left", "Quiet for 30 min")) == 200
    assert house.quiet_until("left") > 0
    assert house.quiet_until("right") == 0
    assert house.answers() == [("quiet", 30, "left", "link")]


def test_a_link_is_good_for_twelve_hours(house: Household) -> None:
    token = house.link("left", "Seen")
    house.ward.clock.advance(12 * HOUR_MS - 60_000)
    assert house.ask("GET", token)[0] == 200
    house.ward.clock.advance(120_000)
    assert house.ask("GET", token)[0] == 410


def test_a_link_holds_numbers_only(house: Household) -> None:
    token = house.link("left", "Seen")
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert len(raw) == 32  # what it is of, its number, the answer, until when; and the signature
    assert b"left" not in raw


@pytest.mark.parametrize("length", ["-1", "x", "9999999"])
def test_a_wrong_length_is_answered(house: Household, length: str) -> None:
    url = f"http://127.0.0.1:{house.web.port}/answer/abc"
    answer = house.http.request("POST", url, headers={"Content-Length": length})
    assert answer.status == 404


def test_an_answer_that_cannot_be_stored_is_not_thanked_for(
    house: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("legwatch_server.web.actions.WAIT_S", 0.05)
    stuck = ActionHandler(house.ward.key, lambda _answered: None, lambda: house.ward.clock.now_ms)
    reply = stuck.take(house.link("left", "Seen"), {})
    assert reply.status == 503
    assert b"try again" in reply.body


def test_quiet_for_an_alert_that_is_over_changes_nothing_and_says_so(house: Household) -> None:
    quiet, ward = house.link("left", "Quiet for 30 min"), house.ward
    ward.play("left", 120, cold)  # the legs are covered again after an hour and a half
    assert ward.rows("SELECT 1 FROM notices WHERE what='resolved'")
    before = house.everything()
    assert house.ask("POST", quiet) == (410, house.ask("POST", quiet)[1])
    assert "This alert is over; nothing was changed." in house.ask("POST", quiet)[1]
    assert "Diese Warnung ist vorbei" in house.ask("POST", quiet, "de")[1]
    assert house.everything() == before
    assert house.quiet_until("left") == 0


def test_an_answer_to_an_alert_that_is_over_promises_no_quiet(house: Household) -> None:
    seen, useless = house.link("left", "Seen"), house.link("left", "Not useful")
    house.ward.play("left", 120, cold)
    late = "This alert was over already."
    assert f"Noted: bed left, cold alerts: seen. {late}" in house.ask("POST", seen)[1]
    assert f"Noted: bed left, cold alerts: not useful. {late}" in house.ask("POST", useless)[1]
    assert "nicht nützlich. Diese Warnung war schon vorbei." in house.ask("POST", useless, "de")[1]
    assert [row[0] for row in house.answers()] == ["seen", "useless"]  # it is stored all the same
