"""What every channel must keep to, and what each says to its own service over real HTTP."""

import base64
import io
import json
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import http_ece
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from legwatch.alerting.notice import SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.errors import SettingsError
from legwatch.oncall.escalation import Purpose
from legwatch.options import NoOptions
from legwatch.settings import load
from legwatch_server.notify.channels import (
    MOST_WHY,
    ChannelContext,
    Exhausted,
    Follows,
    Notifier,
    Permanent,
    Progress,
    Push,
    PushButton,
    PushError,
    Rehearses,
    Retryable,
    Withdraws,
    build_channel,
    open_channels,
)
from legwatch_server.notify.channels.apprise import Apprise
from legwatch_server.notify.channels.console import Console
from legwatch_server.notify.channels.ntfy import Ntfy
from legwatch_server.notify.channels.pushover import Pushover
from legwatch_server.notify.channels.webpush import Webpush
from legwatch_server.settings import ServerSettings
from server.service import Answer, Asked, Service, ntfy, ntfy_refuses, told

N = TypeVar("N")
PUSH = Push(
    id=7,
    to="bert",
    thread="0123456789abcdef01234567",
    bed="anna",
    clock="02:41",
    title="Your legs may be cold",
    text="The air by your legs is 22.4 °C, before: 28-31 °C, since 02:10. Cover them.",
    severity=Severity.WARNING,
    transition=TransitionKind.FIRED,
    purpose=Purpose.LOUD,
    buttons=(
        PushButton("Seen", "https://legs.example/answer/aaa"),
        PushButton("Quiet for 30 min", "https://legs.example/answer/bbb"),
        PushButton("Not useful", "https://legs.example/answer/ccc"),
    ),
    page="https://legs.example/answer/ppp",
)

TAKEN = {"status": 1, "request": "647d2300-702c-4b38-8b2f-d56326ae460b"}  # by Pushover


class Browser:
    """What a browser keeps of its subscription, to read what is sent to it."""

    def __init__(self, url: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = b"0123456789abcdef"
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": b64(point), "auth": b64(self.auth)}
        self.subscription = json.dumps({"endpoint": f"{url}/push/1", "keys": keys})

    def read(self, body: bytes) -> dict[str, Any]:
        plain = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth)
        found: dict[str, Any] = json.loads(plain)
        return found


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def good(asked: Asked) -> Answer:
    """Answer as each of the services does."""
    if asked.path.startswith("/1/"):
        return told({**TAKEN, "receipt": "r" * 30, "devices": ["x"]})
    if asked.path.startswith("/push/"):
        return Answer(201, b"", (("Location", "/message/1"),))
    return ntfy(asked)


def refusal(asked: Asked, status: int) -> Answer:
    """Say no as each of the services does."""
    if asked.path.startswith("/1/"):
        return told({"status": 0, "request": TAKEN["request"], "errors": ["no"]}, status)
    return ntfy_refuses(status) if asked.path == "/" else Answer(status)


USER, APP = "u" * 30, "a" * 30  # as Pushover's keys are


@dataclass
class Rig:
    """A channel that talks to a service of ours."""

    service: Service
    notifier: Notifier
    push: Push


def settings(channel: str, address: str, table: dict[str, Any], folder: Path) -> ServerSettings:
    bert = {"channels": [channel], "address": {channel: address}}
    push = {channel: {"timeout_s": 1.0, **table}}
    made = load(ServerSettings, {"people": {"bert": bert}, "push": push, "state_dir": str(folder)})
    made.check()
    return made


def built(kind: Callable[..., N], address: str, table: dict[str, Any], folder: Path) -> N:
    name = getattr(kind, "__name__", "").lower()
    return build_channel(kind, name, settings(name, address, table, folder))


def rig(channel: str, service: Service, folder: Path) -> Rig:
    url = service.url
    if channel == "ntfy":
        return Rig(service, built(Ntfy, "bert", {"url": url}, folder), PUSH)
    if channel == "pushover":
        pushover = built(Pushover, USER, {"url": url}, folder)
        return Rig(service, pushover, replace(PUSH, to=USER))
    if channel == "webpush":
        to = Browser(url).subscription
        made = built(Webpush, to, {}, folder)
        made.begin(folder)
        return Rig(service, made, replace(PUSH, to=to))
    to = url.replace("http://", "json://")
    return Rig(service, built(Apprise, to, {}, folder), replace(PUSH, to=to))


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGWATCH_PUSHOVER_TOKEN", APP)
    monkeypatch.setenv("LEGWATCH_NTFY_TOKEN", "tk_1")


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    made.answer = good
    yield made
    made.close()


@pytest.fixture(params=["ntfy", "pushover", "webpush", "apprise"])
def each(request: pytest.FixtureRequest, service: Service, tmp_path: Path) -> Rig:
    return rig(request.param, service, tmp_path)


def test_one_push_is_one_request(each: Rig) -> None:
    each.notifier.send(each.push)
    (asked,) = each.service.asked
    assert asked.method == "POST"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
def test_a_refusal_is_permanent(each: Rig, status: int) -> None:
    each.service.answer = lambda asked: refusal(asked, status)
    with pytest.raises(Permanent, match=str(status)):
        each.notifier.send(each.push)
    assert len(each.service.asked) == 1


@pytest.mark.parametrize("status", [408, 500, 502, 503])
def test_a_fault_of_the_service_is_retryable(each: Rig, status: int) -> None:
    each.service.answer = lambda _asked: Answer(status)
    with pytest.raises(Retryable, match=str(status)):
        each.notifier.send(each.push)
    assert len(each.service.asked) == 1  # when to try again is the outbox's to say


def test_a_redirect_is_not_followed(each: Rig) -> None:
    """A push sent on to somewhere else would be told to somebody else."""
    answer = Answer(302, headers=(("Location", f"{each.service.url}/elsewhere"),))
    each.service.answer = lambda _asked: answer
    with pytest.raises(PushError):
        each.notifier.send(each.push)
    assert {asked.method for asked in each.service.asked} == {"POST"}
    assert "/elsewhere" not in {asked.path for asked in each.service.asked}


def test_one_that_is_late_is_retryable(each: Rig) -> None:
    each.service.answer = lambda _asked: Answer(after_s=1.5)
    with pytest.raises(Retryable):
        each.notifier.send(each.push)


def test_one_that_is_away_is_retryable(each: Rig) -> None:
    each.service.close()
    with pytest.raises(Retryable):
        each.notifier.send(each.push)


@pytest.mark.parametrize("channel", ["ntfy", "webpush"])
@pytest.mark.parametrize("status", [429, 503])
def test_the_service_says_when_to_try_again(
    channel: str, status: int, service: Service, tmp_path: Path
) -> None:
    made = rig(channel, service, tmp_path)
    service.answer = lambda _asked: Answer(status, headers=(("Retry-After", "17"),))
    with pytest.raises(Retryable) as raised:
        made.notifier.send(made.push)
    assert raised.value.retry_after_s == 17.0


def test_too_many_messages_are_no_last_word_and_the_next_way_is_tried(each: Rig) -> None:
    """Exhausted: this way again later, the next way at once."""
    each.service.answer = lambda asked: refusal(asked, 429)
    with pytest.raises(Exhausted):
        each.notifier.send(each.push)


def test_a_channel_that_microsoft_throttles_is_no_last_word(
    service: Service, tmp_path: Path
) -> None:
    made = rig("webpush", service, tmp_path)
    throttled = (("X-WNS-Status", "channelthrottled"),)
    service.answer = lambda _asked: Answer(200, headers=throttled)
    with pytest.raises(Exhausted, match="channelthrottled"):
        made.notifier.send(made.push)


@pytest.mark.parametrize("channel", ["ntfy", "pushover", "webpush"])
def test_the_evenings_test_makes_no_sound(channel: str, service: Service, tmp_path: Path) -> None:
    made = rig(channel, service, tmp_path)
    assert isinstance(made.notifier, Rehearses)
    service.answer = lambda asked: ntfy_refuses(403) if asked.method == "GET" else good(asked)
    made.notifier.rehearse(replace(made.push, purpose=Purpose.REHEARSAL))
    first = service.asked[0]
    if channel == "ntfy":
        assert json.loads(first.body)["priority"] == 1
    elif channel == "pushover":
        assert first.path == "/1/users/validate.json"
    else:
        assert first.headers["urgency"] == "low"


# ntfy


def test_ntfy_is_given_one_json_message(service: Service, tmp_path: Path) -> None:
    made = rig("ntfy", service, tmp_path)
    sent = made.notifier.send(made.push)
    (asked,) = service.asked
    assert (asked.path, asked.headers["Authorization"]) == ("/", "Bearer tk_1")
    buttons = [
        {"action": "http", "label": a.label, "url": a.url, "method": "POST", "clear": True}
        for a in PUSH.buttons
    ]
    assert json.loads(asked.body) == {
        "topic": "bert",
        "title": "Your legs may be cold (02:41, anna)",
        "message": PUSH.text,
        "priority": 4,
        "tags": ["warning"],
        "sequence_id": PUSH.thread,
        "click": PUSH.page,
        "actions": buttons,
    }
    assert sent.receipt == PUSH.thread
    assert isinstance(made.notifier, Withdraws)
    made.notifier.withdraw(made.push, sent.receipt)
    assert service.asked[1][:2] == ("DELETE", f"/bert/{PUSH.thread}")


def test_an_ntfy_server_that_knows_no_sequences_is_found_out(
    service: Service, tmp_path: Path
) -> None:
    made = rig("ntfy", service, tmp_path)
    service.answer = lambda _asked: told({"id": "x", "event": "message", "topic": "bert"})
    sent = made.notifier.send(made.push)
    assert sent.receipt == ""
    assert isinstance(made.notifier, Withdraws)
    made.notifier.withdraw(made.push, sent.receipt)
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("tone", "level", "priority"),
    [
        (Purpose.LOUD, Severity.URGENT, 5),
        (Purpose.LOUD, Severity.WARNING, 4),
        (Purpose.QUIET, Severity.WARNING, 2),
        (Purpose.INFO, Severity.WARNING, 2),
        (Purpose.REHEARSAL, Severity.LOG, 1),
        (Purpose.CONFIRM, Severity.LOG, 2),
    ],
)
def test_only_an_alert_is_loud(
    tone: Purpose, level: Severity, priority: int, service: Service, tmp_path: Path
) -> None:
    made = rig("ntfy", service, tmp_path)
    made.notifier.send(replace(made.push, purpose=tone, severity=level))
    assert json.loads(service.asked[0].body)["priority"] == priority


@pytest.mark.parametrize(
    ("address", "table", "path"),
    [("", {}, "people.bert.address.ntfy"), ("bert", {"url": "ftp://x"}, "push.ntfy.url")],
)
def test_ntfy_wants_a_topic_and_an_address(
    address: str, table: dict[str, Any], path: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=path):
        built(Ntfy, address, table, tmp_path)


def test_a_secret_that_cannot_be_read_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LEGWATCH_NTFY_TOKEN_FILE", "/nowhere")
    with pytest.raises(SettingsError, match="LEGWATCH_NTFY_TOKEN_FILE"):
        built(Ntfy, "bert", {}, tmp_path)


def test_without_a_token_ntfys_no_says_so_and_which_file_is_empty(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    service: Service,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    file = tmp_path / "token"
    file.write_text("\n")
    monkeypatch.setenv("LEGWATCH_NTFY_TOKEN_FILE", str(file))
    made = rig("ntfy", service, tmp_path)
    empty = f"{file} (LEGWATCH_NTFY_TOKEN_FILE) is empty"
    assert caplog.messages == [f"ntfy: {empty}, so pushes are sent without a token"]
    closed = "the topic is not open to all, and no token was sent"
    service.answer = lambda _asked: ntfy_refuses(403)
    # A test before may have a secret of which the variable's name is made.
    with pytest.raises(Permanent, match=rf"403: {closed}: {re.escape(str(file))} .* is empty"):
        made.notifier.send(made.push)
    monkeypatch.delenv("LEGWATCH_NTFY_TOKEN_FILE")
    monkeypatch.delenv("LEGWATCH_NTFY_TOKEN")
    made = rig("ntfy", service, tmp_path)
    with pytest.raises(Permanent, match=rf"403: {closed}: \S+_NTFY_TOKEN is not set"):
        made.notifier.send(made.push)
    assert len(caplog.messages) == 1  # who has named no file wants none


# pushover


def form(asked: Asked) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}


def test_pushover_sounds_an_urgent_alert_until_it_is_seen(service: Service, tmp_path: Path) -> None:
    made = rig("pushover", service, tmp_path)
    sent = made.notifier.send(replace(made.push, severity=Severity.URGENT))
    (asked,) = service.asked
    assert asked.path == "/1/messages.json"
    assert form(asked) == {
        "token": APP,
        "user": USER,
        "title": "Your legs may be cold (02:41, anna)",
        "message": PUSH.text,
        "priority": "2",
        "retry": "60",
        "expire": "900",
        "url": PUSH.page,
    }
    assert isinstance(made.notifier, Withdraws)
    made.notifier.withdraw(made.push, sent.receipt)
    assert service.asked[1][:2] == ("POST", f"/1/receipts/{'r' * 30}/cancel.json")


@pytest.mark.parametrize(
    ("tone", "level", "priority"),
    [(Purpose.LOUD, Severity.WARNING, "1"), (Purpose.QUIET, Severity.URGENT, "-1"),
     (Purpose.INFO, Severity.URGENT, "-1"), (Purpose.CONFIRM, Severity.LOG, "-1")],
)  # fmt: skip
def test_pushover_keeps_its_alarm_for_what_is_urgent(
    tone: Purpose, level: Severity, priority: str, service: Service, tmp_path: Path
) -> None:
    made = rig("pushover", service, tmp_path)
    made.notifier.send(replace(made.push, purpose=tone, severity=level))
    sent = form(service.asked[0])
    assert sent["priority"] == priority
    assert "retry" not in sent


@pytest.mark.parametrize(
    ("said", "progress"),
    [({}, Progress.WAITING), ({"last_delivered_at": 5}, Progress.DELIVERED),
     ({"acknowledged": 1, "expired": 1}, Progress.ANSWERED), ({"expired": 1}, Progress.OVER)],
)  # fmt: skip
def test_pushovers_receipt_says_how_far_it_is(
    said: dict[str, int], progress: Progress, service: Service, tmp_path: Path
) -> None:
    made = rig("pushover", service, tmp_path).notifier
    assert isinstance(made, Follows)
    assert made.follow_every_s >= 5  # the service's own rule
    none = {"acknowledged": 0, "expired": 0, "last_delivered_at": 0}
    service.answer = lambda _asked: told({**TAKEN, **none, **said})
    assert made.progress("abc") is progress
    assert service.asked[0][:2] == ("GET", f"/1/receipts/abc.json?token={APP}")


def test_pushover_explains_a_refusal_in_its_own_words(service: Service, tmp_path: Path) -> None:
    made = rig("pushover", service, tmp_path)
    said = {**TAKEN, "status": 0, "errors": ["user identifier is invalid"]}
    service.answer = lambda _asked: told(said, 400)
    with pytest.raises(Permanent, match="user identifier is invalid"):
        made.notifier.send(made.push)


def test_a_month_that_is_used_up_is_tried_again_slowly(service: Service, tmp_path: Path) -> None:
    made = rig("pushover", service, tmp_path)
    service.answer = lambda _asked: told({**TAKEN, "status": 0}, 429)
    with pytest.raises(Exhausted, match="used up") as raised:
        made.notifier.send(made.push)
    assert raised.value.retry_after_s == 600


def test_ntfys_day_that_is_used_up_is_tried_again_slowly(service: Service, tmp_path: Path) -> None:
    made = rig("ntfy", service, tmp_path)
    service.answer = lambda _asked: told({"code": 42908, "http": 429, "error": "quota"}, 429)
    with pytest.raises(Exhausted, match="used up") as raised:
        made.notifier.send(made.push)
    assert raised.value.retry_after_s == 600


def test_pushover_without_a_phone_is_amber(service: Service, tmp_path: Path) -> None:
    made = rig("pushover", service, tmp_path).notifier
    assert isinstance(made, Rehearses)
    service.answer = lambda _asked: told({**TAKEN, "devices": []})
    with pytest.raises(Permanent, match="no device"):
        made.rehearse(PUSH)


def test_pushover_wants_a_token_and_a_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"people\.bert\.address\.pushover"):
        built(Pushover, "", {}, tmp_path)
    monkeypatch.delenv("LEGWATCH_PUSHOVER_TOKEN")
    with pytest.raises(SettingsError, match="LEGWATCH_PUSHOVER_TOKEN"):
        built(Pushover, USER, {}, tmp_path)


# webpush


def test_only_the_browser_can_read_a_push(service: Service, tmp_path: Path) -> None:
    browser = Browser(service.url)
    made = built(Webpush, browser.subscription, {}, tmp_path)
    made.begin(tmp_path)
    made.send(replace(PUSH, to=browser.subscription))
    (asked,) = service.asked
    assert b"legs" not in asked.body
    said = browser.read(asked.body)
    assert said["title"] == "Your legs may be cold (02:41, anna)"
    assert said["body"] == PUSH.text
    assert [action["title"] for action in said["actions"]] == [a.label for a in PUSH.buttons]
    headers = asked.headers
    assert (headers["urgency"], headers["ttl"]) == ("high", "1800")
    assert headers["topic"] == PUSH.thread  # a newer word replaces one that is still on its way
    check_vapid(headers["authorization"], made.public_key(), service.url)


def check_vapid(header: str, public_key: str, origin: str) -> None:
    """Verify the signature as a push service does."""
    token, key = (
        part.split("=", 1)[1].strip() for part in header.removeprefix("vapid ").split(",")
    )
    assert key == public_key
    head, claims, signature = token.split(".")
    raw = unb64(signature)
    r, s = (int.from_bytes(part, "big") for part in (raw[:32], raw[32:]))
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unb64(key))
    signed = encode_dss_signature(r, s), f"{head}.{claims}".encode()
    point.verify(*signed, ec.ECDSA(SHA256()))
    said = json.loads(unb64(claims))
    assert (said["aud"], said["sub"]) == (origin, "mailto:owner@example.org")


def test_two_browsers_of_two_services_each_get_their_own_claim(
    service: Service, tmp_path: Path
) -> None:
    other = Service()
    other.answer = good
    for one in (service, other):
        browser = Browser(one.url)
        made = built(Webpush, browser.subscription, {}, tmp_path)
        made.begin(tmp_path)
        made.send(replace(PUSH, to=browser.subscription))
        check_vapid(one.asked[0].headers["authorization"], made.public_key(), one.url)
    other.close()


def test_the_key_is_made_once_and_is_private(service: Service, tmp_path: Path) -> None:
    to = Browser(service.url).subscription
    first = built(Webpush, to, {}, tmp_path)
    assert not (tmp_path / "vapid.pem").exists()  # not when settings are only looked at
    first.begin(tmp_path)
    again = built(Webpush, to, {}, tmp_path)
    again.begin(tmp_path)
    assert first.public_key() == again.public_key()
    assert stat.S_IMODE((tmp_path / "vapid.pem").stat().st_mode) == 0o600


def test_a_subscription_may_be_kept_in_a_file(service: Service, tmp_path: Path) -> None:
    browser, path = Browser(service.url), tmp_path / "phone.json"
    path.write_text(browser.subscription)
    made = built(Webpush, str(path), {}, tmp_path)
    made.begin(tmp_path)
    made.send(replace(PUSH, to=str(path)))
    assert browser.read(service.asked[0].body)["tag"] == PUSH.thread


def test_a_subscription_that_has_ended_is_permanent(service: Service, tmp_path: Path) -> None:
    made = rig("webpush", service, tmp_path)
    service.answer = lambda _asked: Answer(410)
    with pytest.raises(Permanent, match="ended its subscription"):
        made.notifier.send(made.push)


def test_a_message_too_long_for_a_browser_is_not_sent(service: Service, tmp_path: Path) -> None:
    made = rig("webpush", service, tmp_path)
    with pytest.raises(Permanent, match="allows 3993"):
        made.notifier.send(replace(made.push, text="x" * 4000))
    assert service.asked == []


@pytest.mark.parametrize("address", ["", "{}", '{"endpoint": 1, "keys": 2}', "/nowhere.json", "{"])
def test_webpush_wants_a_subscription(address: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"people\.bert\.address\.webpush"):
        built(Webpush, address, {}, tmp_path)


# apprise


def test_apprise_sends_at_once_and_fetches_no_picture(service: Service, tmp_path: Path) -> None:
    to = service.url.replace("http://", "ntfy://") + "/bert"
    made = built(Apprise, to, {}, tmp_path)
    service.answer = lambda _asked: Answer(body=b'{"id": "x"}')
    for _ in range(3):  # a used object waits 5.5 s before each of its later ones
        made.send(replace(PUSH, to=to))
    assert len(service.asked) == 3
    first = service.asked[0]
    said = json.loads(first.body)
    assert said["message"] == f"{PUSH.text} {PUSH.page}"  # it has no buttons of its own
    assert "icon" not in json.dumps(said).lower()
    assert not any("icon" in name.lower() for name in first.headers)


def test_apprise_passes_percent_encoded_actions_on(service: Service, tmp_path: Path) -> None:
    host = urlsplit(service.url).netloc
    to = f"ntfy://{host}/bert?actions=view%2C%20Open%2C%20https%3A%2F%2Flegs.example"
    service.answer = lambda _asked: Answer(body=b'{"id": "x"}')
    built(Apprise, to, {}, tmp_path).send(replace(PUSH, to=to))
    assert "legs.example" in service.asked[0].body.decode() + str(service.asked[0].headers)


@pytest.mark.parametrize(
    ("address", "words"),
    [("", "must be given"), ("nothing://x", "not one Apprise URL"), ("env:NOWHERE", "NOWHERE"),
     ("json://a/, json://b/", "not one Apprise URL"),
     ("ntfy://host/one/two", "one recipient a URL")],
)  # fmt: skip
def test_apprise_wants_one_url(address: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=words):
        built(Apprise, address, {}, tmp_path)


def test_apprise_takes_a_url_with_a_secret_from_the_environment(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BERTS_URL", service.url.replace("http://", "json://"))
    made = built(Apprise, "env:BERTS_URL", {}, tmp_path)
    made.send(replace(PUSH, to="env:BERTS_URL"))
    assert len(service.asked) == 1


# console and door


def test_the_console_prints_one_line() -> None:
    out = io.StringIO()
    sent = Console(NoOptions(), ChannelContext((), 1), out=out).send(PUSH)
    assert out.getvalue() == f"02:41  anna  Your legs may be cold. {PUSH.text}\n"
    assert sent.delivered


def test_the_console_tells_what_comes_again_with_a_sound() -> None:
    out = io.StringIO()
    Console(NoOptions(), ChannelContext((), 1), out=out).send(replace(PUSH, purpose=Purpose.QUIET))
    assert out.getvalue() == f"02:41  anna  (no sound yet) Your legs may be cold. {PUSH.text}\n"


@pytest.mark.parametrize(
    ("why", "mark"),
    [
        (SuppressedBy.TRIAL, "(first week: no sound)"),
        (SuppressedBy.LOW_URGENCY, "(no sound)"),
        (SuppressedBy.HOLD, "(no sound yet)"),
    ],
)
def test_the_console_says_whether_an_alert_will_sound(why: SuppressedBy, mark: str) -> None:
    out = io.StringIO()
    push = replace(PUSH, purpose=Purpose.QUIET, suppressed_by=why)
    Console(NoOptions(), ChannelContext((), 1), out=out).send(push)
    assert out.getvalue().startswith(f"02:41  anna  {mark} Your legs may be cold.")


@pytest.mark.parametrize("what", [TransitionKind.REPORTED, TransitionKind.EXPECTED])
def test_the_console_promises_no_sound_of_what_never_sounds(what: TransitionKind) -> None:
    out = io.StringIO()
    push = replace(PUSH, purpose=Purpose.QUIET, transition=what)
    Console(NoOptions(), ChannelContext((), 1), out=out).send(push)
    assert out.getvalue().startswith("02:41  anna  (no sound) Your legs may be cold.")


def test_the_console_prints_a_push_by_one_write_so_that_no_other_comes_between() -> None:
    class Kept(io.StringIO):
        def write(self, text: str) -> int:
            writes.append(text)
            return super().write(text)

    writes: list[str] = []
    Console(NoOptions(), ChannelContext((), 1), out=Kept()).send(PUSH)
    assert writes == [f"02:41  anna  Your legs may be cold. {PUSH.text}\n"]


def test_the_console_says_that_in_the_language_of_the_person() -> None:
    out = io.StringIO()
    push = replace(PUSH, purpose=Purpose.QUIET, title="Beine vielleicht kalt", language="de")
    Console(NoOptions(), ChannelContext((), 1), out=out).send(push)
    assert "(noch ohne Ton) Beine" in out.getvalue()


def test_an_unknown_channel_names_those_installed() -> None:
    made = load(ServerSettings, {"push": {"channels": ["pigeon"]}})
    known = "apprise, console, mqtt, ntfy, pushover, webpush"
    with pytest.raises(SettingsError, match=f"no channel 'pigeon'; installed: {known}"):
        open_channels(made)


def test_a_channel_of_a_person_is_named_by_its_key() -> None:
    made = load(ServerSettings, {"people": {"bert": {"channels": ["console"], "quiet": ["owl"]}}})
    with pytest.raises(SettingsError, match=r"people\.bert\.quiet"):
        open_channels(made)


def test_the_weekly_question_makes_no_sound_in_a_browser(service: Service, tmp_path: Path) -> None:
    made = rig("webpush", service, tmp_path)
    made.notifier.send(replace(made.push, purpose=Purpose.CONFIRM, severity=Severity.LOG))
    assert service.asked[0].headers["urgency"] == "low"


@pytest.mark.parametrize("kind", [Permanent, Retryable])
def test_what_a_service_answers_is_one_line_that_a_terminal_only_shows(
    kind: type[PushError],
) -> None:
    """Another package may raise with all that its service has answered."""
    page = "\x1b[2J\x1b]0;title\x07<html>\n<p>gone\r</p>" + "x" * 10_000
    said = str(kind(page))
    assert said.startswith(r"\x1b[2J\x1b]0;title\x07<html> <p>gone </p>xxx")
    assert said.isprintable()
    assert len(said) == MOST_WHY
