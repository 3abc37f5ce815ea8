"""What proves that a push was taken, or refused, by its service and not by something between."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from legwatch.conditions.verdict import Severity
from legwatch.oncall.escalation import Purpose
from legwatch_server.notify.channels import (
    Follows,
    Permanent,
    Progress,
    Rehearses,
    Retryable,
    Sent,
    Withdraws,
)
from server.notify.channels.test_channels import PUSH, TAKEN, Rig, rig
from server.service import Answer, Asked, Service, ntfy, ntfy_refuses, told
from taken import taken

PAGE = b"<!DOCTYPE html>\n<html><head>\n<title>\n Hotel   login\x1b[2J</title></head></html>"
PORTAL = (("Location", "http://portal.example/login?for=/1/messages.json?token=app"),)
# What a login page, a proxy or a wrong address can say, and what the owner reads of it.
BETWEEN = {
    "login page": (Answer(body=PAGE), "200, the page 'Hotel login[2J'"),
    "nothing": (Answer(body=b""), "200, empty"),
    "204": (Answer(204, b""), "204, empty"),
    "sent on": (Answer(302, PAGE, PORTAL), "302, a redirect to http://portal.example"),
    "sent nowhere": (Answer(302, b""), "302, a redirect to another page"),
    "bad address": (Answer(307, b"", (("Location", "http://[portal"),)), "307, a redirect to no"),
    "portal's API": (told({"status": "ok", "online": False}), '200, \'{"status": "ok", '),
    "list": (told([{"id": "x", "event": "message", "topic": "bert", **TAKEN}]), "200, '[{"),
    "number": (told(1), "200, '1'"),
    "not UTF-8": (Answer(body=b"\xff\xfe\xfa"), "200, '\ufffd\ufffd\ufffd'"),
    "nested": (Answer(body=b"[" * 100_000), "200, '[[[["),
    "repeats us": (Answer(body=b"no /1/x.json?token=app here"), "200, 'no /1/x.json?... here'"),
}
# These mean no, but only from the service itself.
NO = {
    "forbidden page": (Answer(403, PAGE), "403, the page 'Hotel login[2J'"),
    "wrong address": (Answer(404, b"404 page not found\n"), "404, '404 page not found'"),
    "gone": (Answer(401, b""), "401, empty"),
    "its month": (told({"status": 0}, 400), "400, '{\"status\": 0}'"),
}


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGWATCH_PUSHOVER_TOKEN", "a" * 30)
    monkeypatch.setenv("LEGWATCH_NTFY_TOKEN", "tk_1")


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.close()


@pytest.fixture(params=["ntfy", "pushover", "webpush"])
def each(request: pytest.FixtureRequest, service: Service, tmp_path: Path) -> Rig:
    return rig(request.param, service, tmp_path)


@pytest.fixture
def by_ntfy(service: Service, tmp_path: Path) -> Rig:
    return rig("ntfy", service, tmp_path)


@pytest.fixture
def by_pushover(service: Service, tmp_path: Path) -> Rig:
    return rig("pushover", service, tmp_path)


def says(made: Rig, answer: Answer) -> None:
    made.service.answer = lambda _asked: answer


@pytest.mark.parametrize("what", BETWEEN)
def test_what_is_between_says_neither_yes_nor_a_last_no(each: Rig, what: str) -> None:
    answer, words = BETWEEN[what]
    says(each, answer)
    with pytest.raises(Retryable, match="the answer is not from") as raised:
        each.notifier.send(each.push)
    assert words in str(raised.value)
    assert "app" not in str(raised.value)  # our token
    assert len(str(raised.value)) < 150


@pytest.mark.parametrize("what", NO)
@pytest.mark.parametrize("channel", ["ntfy", "pushover"])
def test_a_no_without_a_proof_is_not_the_last_word(
    channel: str, what: str, service: Service, tmp_path: Path
) -> None:
    made, (answer, words) = rig(channel, service, tmp_path), NO[what]
    says(made, answer)
    with pytest.raises(Retryable, match="the answer is not from") as raised:
        made.notifier.send(made.push)
    assert words in str(raised.value)


@pytest.mark.parametrize("channel", ["ntfy", "pushover", "webpush", "apprise"])
@pytest.mark.parametrize("status", [407, 511])
def test_a_proxy_that_wants_to_be_asked_first_is_no_last_word(
    channel: str, status: int, service: Service, tmp_path: Path
) -> None:
    made = rig(channel, service, tmp_path)
    says(made, Answer(status, PAGE))
    with pytest.raises(Retryable, match=str(status)):
        made.notifier.send(made.push)


def test_a_page_without_an_end_is_not_read_to_its_end(each: Rig) -> None:
    says(each, Answer(body=b"x" * (1 << 20), times=64))
    with pytest.raises(Retryable, match=r"200, more than 1048576 bytes"):
        each.notifier.send(each.push)
    assert each.service.heard_out == 0


# ntfy

MESSAGE = {"id": "x", "event": "message", "topic": "bert"}
NOT_OURS: dict[str, dict[str, Any]] = {
    "id is a number": {**MESSAGE, "id": 5},
    "id is empty": {**MESSAGE, "id": ""},
    "no id": {"event": "message", "topic": "bert"},
    "another topic": {**MESSAGE, "topic": "anna"},
    "no topic": {"id": "x", "event": "message"},
    "another event": {**MESSAGE, "event": "open"},
    "only what we said": {"topic": "bert", "message": PUSH.text, "sequence_id": PUSH.thread},
}


@pytest.mark.parametrize("what", NOT_OURS)
def test_only_the_message_in_our_topic_proves_that_ntfy_has_it(by_ntfy: Rig, what: str) -> None:
    says(by_ntfy, told(NOT_OURS[what]))
    with pytest.raises(Retryable, match="the answer is not from ntfy: 200"):
        by_ntfy.notifier.send(by_ntfy.push)
    assert isinstance(by_ntfy.notifier, Rehearses)
    with pytest.raises(Retryable, match="the answer is not from ntfy"):
        by_ntfy.notifier.rehearse(by_ntfy.push)
    says(by_ntfy, told(MESSAGE))
    assert by_ntfy.notifier.send(by_ntfy.push) == Sent()


@pytest.mark.parametrize(
    "answer",
    [Answer(body=PAGE), Answer(body=b""), Answer(204, b""), Answer(302, b"", PORTAL),
     Answer(403, PAGE), told({**MESSAGE, "sequence_id": "of-another"}), told(MESSAGE),
     told({**MESSAGE, "topic": "anna", "sequence_id": PUSH.thread}),
     told({"sequence_id": PUSH.thread, "topic": "bert"})],
)  # fmt: skip
def test_only_ntfys_own_word_proves_that_a_push_is_taken_back(by_ntfy: Rig, answer: Answer) -> None:
    assert isinstance(by_ntfy.notifier, Withdraws)
    says(by_ntfy, answer)
    with pytest.raises(Retryable, match="the answer is not from ntfy"):
        by_ntfy.notifier.withdraw(by_ntfy.push, PUSH.thread)
    by_ntfy.service.answer = ntfy
    by_ntfy.notifier.withdraw(by_ntfy.push, PUSH.thread)
    says(by_ntfy, ntfy_refuses(403))
    with pytest.raises(Permanent, match="403"):
        by_ntfy.notifier.withdraw(by_ntfy.push, PUSH.thread)


def reads_back(made: Rig, back: Answer) -> str:
    """Rehearse where the message is taken, and reading it back is answered so."""
    assert isinstance(made.notifier, Rehearses)
    made.service.answer = lambda asked: back if asked.method == "GET" else ntfy(asked)
    return made.notifier.rehearse(replace(made.push, purpose=Purpose.REHEARSAL))


@pytest.mark.parametrize(
    "back",
    [Answer(body=PAGE), Answer(302, b"", PORTAL), Answer(403, PAGE), told([]), told("x"),
     Answer(body=b"\xff\n"), Answer(body=b"{}\n" * (1 << 20))],
)  # fmt: skip
def test_what_is_between_does_not_pass_for_a_message_read_back(by_ntfy: Rig, back: Answer) -> None:
    with pytest.raises(Retryable, match="the answer is not from ntfy"):
        reads_back(by_ntfy, back)


def test_a_message_that_was_read_back_is_the_one_that_was_sent(by_ntfy: Rig) -> None:
    ours = taken({"topic": "bert", "message": "a line\u2028of two"})
    other, elsewhere = {**ours, "id": "another"}, {**ours, "topic": "anna"}

    def lines(*said: dict[str, Any]) -> Answer:
        return Answer(body="".join(json.dumps(s, ensure_ascii=False) + "\n" for s in said).encode())

    assert reads_back(by_ntfy, lines(other, ours)) == "came back"
    assert reads_back(by_ntfy, ntfy_refuses(403)) == "accepted"
    for wrong in (lines(other), lines(elsewhere), Answer(body=b"")):
        with pytest.raises(Retryable, match="ntfy accepted the message but does not list it"):
            reads_back(by_ntfy, wrong)


# pushover

BY_NOBODY: list[dict[str, Any]] = [
    {"status": 1},
    {"status": 1, "request": 5},
    {"status": 1, "request": ""},
    {**TAKEN, "status": True},
    {**TAKEN, "status": "1"},
    {**TAKEN, "status": 0},
    {"request": "x"},
]
ALARM = replace(PUSH, severity=Severity.URGENT)


@pytest.mark.parametrize("said", BY_NOBODY, ids=str)
def test_only_a_status_and_the_id_of_our_request_prove_that_pushover_answered(
    by_pushover: Rig, said: dict[str, Any]
) -> None:
    made = by_pushover.notifier
    more = {"receipt": "r" * 30, "devices": ["x"]}
    told_of = {"acknowledged": 1, "expired": 0, "last_delivered_at": 0}
    says(by_pushover, told({**said, **more, **told_of}))
    assert isinstance(made, Follows)
    assert isinstance(made, Withdraws)
    assert isinstance(made, Rehearses)
    for act in (
        lambda: made.send(PUSH),
        lambda: made.send(ALARM),
        lambda: made.progress("r" * 30),
        lambda: made.withdraw(PUSH, "r" * 30),
        lambda: made.rehearse(PUSH),
    ):
        with pytest.raises(Retryable, match="the answer is not from Pushover: 200"):
            act()


@pytest.mark.parametrize("receipt", [None, "", 5, "../x", "r" * 201, ["r"]])
def test_an_alarm_without_a_receipt_is_not_sent(by_pushover: Rig, receipt: object) -> None:
    """It could never be followed or ended."""
    says(by_pushover, told({**TAKEN, "receipt": receipt}))
    with pytest.raises(Retryable, match="pushover gave no receipt"):
        by_pushover.notifier.send(ALARM)
    assert by_pushover.notifier.send(PUSH) == Sent()
    says(by_pushover, told({**TAKEN, "receipt": "r" * 30}))
    assert by_pushover.notifier.send(ALARM) == Sent("r" * 30)


@pytest.mark.parametrize(
    "said", [{}, {"acknowledged": 1}, {"acknowledged": True, "expired": 0, "last_delivered_at": 0}]
)
def test_nobody_has_answered_an_alarm_but_by_its_receipt(
    by_pushover: Rig, said: dict[str, Any]
) -> None:
    made = by_pushover.notifier
    assert isinstance(made, Follows)
    says(by_pushover, told({**TAKEN, **said}))
    with pytest.raises(Retryable, match="the answer is not from Pushover"):
        made.progress("r" * 30)
    says(by_pushover, told({**TAKEN, "acknowledged": 1, "expired": 0, "last_delivered_at": 5}))
    assert made.progress("r" * 30) is Progress.ANSWERED


def test_devices_that_are_no_list_are_not_pushovers(by_pushover: Rig) -> None:
    made = by_pushover.notifier
    assert isinstance(made, Rehearses)
    says(by_pushover, told({**TAKEN, "devices": {"x": 1}}))
    with pytest.raises(Retryable, match="the answer is not from Pushover"):
        made.rehearse(PUSH)


# webpush

NAMED = (("Location", "/message/1"),)


@pytest.mark.parametrize(
    "answer", [Answer(201, b"", NAMED), Answer(201, b""), Answer(200, b"", NAMED),
               Answer(202, b"", NAMED), Answer(200, b"", (("X-WNS-Status", "received"),))],
)  # fmt: skip
def test_a_browsers_service_says_created_or_names_where_it_lies(
    answer: Answer, service: Service, tmp_path: Path
) -> None:
    made = rig("webpush", service, tmp_path)
    says(made, answer)
    assert made.notifier.send(made.push) == Sent()
    assert isinstance(made.notifier, Rehearses)
    assert made.notifier.rehearse(made.push) == "accepted"


@pytest.mark.parametrize(
    "answer", [Answer(200, PAGE), Answer(200, b""), Answer(202, b""), Answer(302, b"", PORTAL)]
)
def test_a_page_does_not_pass_for_a_browsers_service_in_the_evening(
    answer: Answer, service: Service, tmp_path: Path
) -> None:
    made = rig("webpush", service, tmp_path)
    says(made, answer)
    assert isinstance(made.notifier, Rehearses)
    with pytest.raises(Retryable, match="the answer is not from a push service"):
        made.notifier.rehearse(made.push)


def test_a_push_that_microsoft_has_dropped_is_not_sent(service: Service, tmp_path: Path) -> None:
    made = rig("webpush", service, tmp_path)
    says(made, Answer(200, b"", (("X-WNS-Status", "dropped"),)))
    with pytest.raises(Retryable, match="webpush: the service says 'dropped'"):
        made.notifier.send(made.push)


# apprise


def test_apprise_sent_on_to_a_portal_is_no_last_word(service: Service, tmp_path: Path) -> None:
    made = rig("apprise", service, tmp_path)
    says(made, Answer(302, b"", PORTAL))
    with pytest.raises(Retryable, match="302"):
        made.notifier.send(made.push)


def test_apprise_has_no_proof_and_so_never_shows_green(service: Service, tmp_path: Path) -> None:
    """A page's 200 is a yes to the library; only a channel that rehearses can be green."""

    def page(_asked: Asked) -> Answer:
        return Answer(body=PAGE)

    service.answer = page
    made = rig("apprise", service, tmp_path)
    assert made.notifier.send(made.push) == Sent()
    assert not isinstance(made.notifier, Rehearses)
