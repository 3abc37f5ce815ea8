"""No service, page or library can make a channel print its token."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from legwatch.settings import load
from legwatch_runtime import secrets
from legwatch_server.notify.channels import Notifier, Push, PushError, Sent, open_channels
from legwatch_server.settings import ServerSettings
from server.notify.channels.test_channels import PUSH
from server.service import Answer, Asked, Service
from server.ward import MINUTE_MS, open_ward

MARK = "MARKED1234567890".ljust(30, "x")  # Pushover's tokens have no other signs


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr(secrets, "_known", [])
    monkeypatch.setenv("LEGWATCH_NTFY_TOKEN", f"{MARK}\n")
    monkeypatch.setenv("LEGWATCH_PUSHOVER_TOKEN", f" {MARK}\n")
    made = Service()
    yield made
    made.close()


def opened(name: str, service: Service) -> tuple[Notifier, Push]:
    """Return a channel whose every request has the mark, and a push for it."""
    host = service.url.partition("//")[2]
    address = f"json://bert:{MARK}@{host}/{MARK}" if name == "apprise" else "b" * 30
    bert = {"channels": [name], "address": {name: address}}
    table: dict[str, Any] = {"timeout_s": 1.0}
    if name != "apprise":
        table["url"] = service.url
    made = load(ServerSettings, {"people": {"bert": bert}, "push": {name: table}})
    return open_channels(made)[name], replace(PUSH, to=address)


def page(_asked: Asked) -> Answer:
    return Answer(200, f"<title>no such token: Bearer {MARK}</title>".encode())


def refuses(_asked: Asked) -> Answer:
    said = {"status": 0, "request": "x", "http": 403, "errors": [f"bad {MARK}"], "error": MARK}
    return Answer(403, json.dumps(said).encode())


def elsewhere(_asked: Asked) -> Answer:
    return Answer(302, b"", (("Location", f"http://{MARK}.example/{MARK}"),))


@pytest.mark.parametrize("answer", [page, refuses, elsewhere])
@pytest.mark.parametrize("name", ["ntfy", "pushover", "apprise"])
def test_what_a_service_says_never_shows_the_token(
    name: str,
    answer: Callable[[Asked], Answer],
    service: Service,
    caplog: pytest.LogCaptureFixture,
) -> None:
    service.answer = answer
    notifier, push = opened(name, service)
    caplog.set_level(logging.INFO, "legwatch_server")
    said = ""
    try:
        notifier.send(push)
    except PushError as error:
        said = str(error)
    assert said or name == "apprise"  # which takes each page for a success
    assert MARK.lower() not in said.lower()
    assert MARK not in caplog.text
    assert any(MARK in f"{one.path} {one.headers} {one.body!r}" for one in service.asked) or (
        name == "apprise"  # it sends the password in base64
    )


class Careless:
    """A channel whose library prints the header that it cannot send."""

    def send(self, push: Push) -> Sent:
        raise ValueError(f"Invalid header value b'Bearer {MARK}\\n'")


def test_a_librarys_error_is_stored_and_shown_without_the_token(
    service: Service, tmp_path: Path
) -> None:
    del service
    secrets.secret("LEGWATCH_NTFY_TOKEN")
    ward = open_ward(tmp_path, people={"anna": {"channels": ["phone"]}})
    ward.use_channel("phone", Careless())
    ward.play("b", 2, lambda _minute: {"leg_c": 31.0, "room_c": 18.0, "moves": 0, "in_bed": True})
    for _ in range(20):
        ward.run_to(ward.clock.now_ms + MINUTE_MS)
    assert "Invalid header value b'Bearer ***" in ward.outboxes["phone"].failing
    stored = str(ward.rows("SELECT error FROM deliveries")) + str(
        ward.rows("SELECT reason FROM steps")
    )
    assert "Invalid header value" in stored
    assert MARK not in stored
    ward.close()
