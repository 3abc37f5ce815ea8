"""Marked secrets are given to every part, and each service answers with them: nothing shows one."""

import json
import os
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import urllib3

from end_to_end.bedroom import Bedroom
from end_to_end.house import LEGWATCH, PASSWORD, wait_until
from stand import Stand

MARK = "MARKED"
SECRETS = {
    "LEGWATCH_NTFY_TOKEN": f"tk_{MARK}_ntfy_123\n",  # as a text editor leaves it
    "LEGWATCH_PUSHOVER_TOKEN": f" {MARK}pushover1234567890123456 \n",
    "LEGWATCH_ANSWER_KEY": f"{MARK}_answers_abcdefghijklmnopqrstuv\n",
    "LEGWATCH_INFLUX_TOKEN": f"{MARK}_influx_123456\n",
}


class Echo:
    """A service that refuses every request, and repeats all that it was sent."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        echo = self

        class Answer(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                said = f"{self.path} {dict(self.headers)} {body!r}"
                echo.asked.append(said)
                why = {"error": said, "errors": [said], "http": 403, "status": 0, "request": "x"}
                back = json.dumps(why).encode()
                self.send_response(403)
                self.send_header("Content-Length", str(len(back)))
                self.end_headers()
                self.wfile.write(back)

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self._stand = Stand(Answer)
        self.host = self._stand.host
        self.close = self._stand.close


@pytest.fixture
def echo() -> Iterator[Echo]:
    made = Echo()
    yield made
    made.close()


def write_settings(bedroom: Bedroom, echo: Echo) -> None:
    url = f"http://{echo.host}"
    address = {"apprise": f"json://anna:{MARK}_password@{echo.host}/{MARK}_path?token={MARK}_query"}
    bedroom.write_server(
        people={
            "anna": {"channels": ["ntfy"]},
            "bert": {"channels": ["pushover"]},
            "carl": {"channels": ["apprise"], "address": address},
        },
        push={
            "ntfy": {"url": url, "topic": "t"},
            "pushover": {"url": url, "user": "u" * 30},
        },
        heartbeat={"url": f"{url}/{MARK}_heartbeat_uuid", "every_s": 10},
    )


def asked(bedroom: Bedroom, *words: str) -> str:
    """Return what a command prints; one that only reads is asked without the secrets, too."""
    config = ("--config", str(bedroom.server_toml))
    said = ""
    for env in ({**os.environ, **SECRETS}, dict(os.environ))[: 1 + (words[0] == "duty")]:
        done = subprocess.run(
            [*LEGWATCH, *words, *(config if words[0] != "check-config" else config[1:])],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=env,
        )
        said += done.stdout + done.stderr
    return said


def test_no_log_page_command_or_file_shows_a_secret(
    tmp_path: Path, echo: Echo, monkeypatch: pytest.MonkeyPatch, mosquitto: None
) -> None:
    monkeypatch.setenv("LEGWATCH_MQTT_PASSWORD", PASSWORD)
    with Bedroom(tmp_path) as bedroom:
        write_settings(bedroom, echo)
        bedroom.server_env = SECRETS
        bedroom.broker()
        folder = tmp_path / "server"
        folder.mkdir()
        (folder / "legwatch.db").write_bytes(b"no database" * 1000)  # so people hear of something
        server = bedroom.server()
        bedroom.bed("anna")
        bedroom.wait_windows(1)
        ways = ("tk_MARKED_ntfy_123", "MARKEDpushover", "MARKED_path", "MARKED_heartbeat")
        # Each is really used, and thrown back.
        wait_until(lambda: all(way in "".join(echo.asked) for way in ways), "all services")
        wait_until(lambda: bedroom.count("deliveries", "error<>''") == 3, "three failures")
        seen: dict[str, str] = {}
        root = f"http://127.0.0.1:{bedroom.http_port}"
        for page in ("health", "metrics", "", f"a/{MARK[:3]}"):
            answer = urllib3.request("GET", f"{root}/{page}", retries=False, timeout=5.0)
            seen[f"/{page}"] = answer.data.decode()
        for words in (("duty",), ("alerts",), ("alerts", "explain"), ("check-config",)):
            seen[" ".join(words)] = asked(bedroom, *words)
        seen["--check-config"] = asked(bedroom, "server", "--check-config")
        server.stop()
        seen["log"], seen["agent"] = server.said(), (tmp_path / "agent-anna.log").read_text()
    for file in folder.iterdir():
        seen[file.name] = file.read_bytes().decode(errors="replace")
    assert "answered 403" in seen["log"]
    assert "channel ntfy" in seen["/health"]
    shown = [name for name, text in seen.items() if MARK in text or PASSWORD in text]
    assert shown == [], [seen[name][:3000] for name in shown]
