"""Commands that a person types find the tokens beside the settings file, as systemd's units do."""

import json
import os
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from legwatch.__main__ import main as legwatch
from legwatch_runtime import secrets, secrets_beside
from legwatch_server.settings_file import head_of_up
from legwatch_server.supervisor.command import _take_secrets

UNITS = Path(__file__).parents[3] / "deploy/systemd"
GOOD = "a" * 30
PUSHOVER = f"""zone = "UTC"
[people.emil]
channels = ["pushover"]
address.pushover = "{"u" * 30}"
"""


@pytest.fixture(autouse=True)
def _a_shell_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_known", [])
    for name in secrets_beside.FILES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


@pytest.fixture
def not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this user be one who may not read the tokens, as all are but root."""

    def refuse(path: str) -> str:
        if Path(path).exists():
            raise PermissionError(13, "Permission denied", path)
        raise FileNotFoundError(2, "No such file or directory", path)

    us = os.geteuid()
    monkeypatch.setattr(secrets_beside, "read_text", refuse)
    monkeypatch.setattr(os, "geteuid", lambda: us + 1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "server.toml"
    found.write_text(f'state_dir = "{tmp_path / "state"}"\n{PUSHOVER}')
    return found


class _Ntfy(BaseHTTPRequestHandler):
    """A private ntfy: it knows one token."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        good = self.headers["Authorization"] == "Bearer tk_emil_1"
        no = {"code": 40101, "http": 401, "error": "unauthorized"}
        said = {"id": "x", "event": "message", "topic": asked["topic"]} if good else no
        self.send_response(200 if good else 401)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Path]:
    """Return the settings of a house with a private ntfy."""
    with HTTPServer(("127.0.0.1", 0), _Ntfy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        file = tmp_path / "server.toml"
        file.write_text(
            f'zone = "UTC"\nstate_dir = "{tmp_path / "state"}"\n[push.ntfy]\nurl = "{url}"\n'
            '[people.emil]\nchannels = ["ntfy"]\naddress.ntfy = "odd-topic"\n'
        )
        yield file
        server.shutdown()


def test_the_names_are_those_that_the_units_load() -> None:
    for unit in UNITS.glob("*.service"):
        text = unit.read_text()
        files = dict(re.findall(r"LoadCredential=(\w+):/etc/legwatch/(\S+)", text))
        given = dict(re.findall(r"Environment=(\w+)_FILE=%d/(\w+)", text))
        for name, credential in given.items():
            assert secrets_beside.FILES[name] == files[credential], unit


def test_a_push_that_is_tried_has_the_token(
    private: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    private.with_name("ntfy-token").write_text("tk_emil_1\n")
    code = legwatch(["duty", "--config", str(private), "--push", "emil"])
    said = capsys.readouterr()
    assert code == 0, said.out
    assert "tk_emil_1" not in said.out + said.err


@pytest.mark.usefixtures("not_ours")
def test_a_push_whose_token_this_user_may_not_read_says_to_use_sudo(
    private: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = private.with_name("ntfy-token")
    token.write_text("tk_emil_1\n")
    assert legwatch(["duty", "--config", str(private), "--push", "emil"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert f"NOT SENT: {token} cannot be read by this user: run it with sudo" in line


@pytest.mark.usefixtures("not_ours")
def test_whoever_has_closed_their_own_file_is_told_to_open_it(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = file.with_name("secrets.env")
    closed.write_text("LEGWATCH_PUSHOVER_TOKEN=x\n")
    owner = closed.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner)
    assert legwatch(["duty", "--config", str(file), "--push", "emil"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    why = f"cannot be read by this user: it is this user's own, so chmod u+r {closed}"
    assert f"{closed} {why}" in line


def test_without_a_token_it_is_as_before(private: Path, capsys: pytest.CaptureFixture[str]) -> None:
    private.with_name("ntfy-token").touch()
    assert legwatch(["duty", "--config", str(private), "--push", "emil"]) == 1
    assert "no token was sent: LEGWATCH_NTFY_TOKEN is not set" in capsys.readouterr().out


def test_good_settings_are_good_and_can_be_changed(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.with_name("pushover-token").write_text(f"{GOOD}\n")
    assert legwatch(["check-config", str(file)]) == 0, capsys.readouterr().err
    at = ["settings", "--config", str(file)]
    assert legwatch([*at, "set", "escalation.next_min", "5"]) == 0, capsys.readouterr().err
    assert legwatch([*at, "undo"]) == 0, capsys.readouterr().err
    said = capsys.readouterr()
    assert "cannot be read" not in said.out + said.err
    assert GOOD not in said.out + said.err


@pytest.mark.usefixtures("not_ours")
def test_a_token_that_this_user_may_not_read_is_told_once_and_hinders_nothing(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = file.with_name("pushover-token")
    token.write_text(GOOD)
    sentence = f"{token} is there and cannot be read by this user, so it was not checked"
    at = ["settings", "--config", str(file)]
    for words in (
        ["check-config", str(file)],
        [*at, "set", "escalation.next_min", "5"],
        [*at, "undo"],
    ):
        assert legwatch(words) == 0, capsys.readouterr().err
        said = capsys.readouterr()
        assert (said.out + said.err).count(sentence) == 1, words


@pytest.mark.usefixtures("not_ours")
def test_another_fault_is_refused_also_if_the_token_cannot_be_read(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.with_name("pushover-token").write_text(GOOD)
    file.write_text(file.read_text().replace("u" * 30, "short"))
    assert legwatch(["check-config", str(file)]) == 2
    assert "people.emil.address.pushover: a user or group key" in capsys.readouterr().err


def test_a_wrong_token_beside_the_file_is_refused(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.with_name("pushover-token").write_text("short")
    assert legwatch(["check-config", str(file)]) == 2
    assert "LEGWATCH_PUSHOVER_TOKEN is not 30 letters and digits" in capsys.readouterr().err


@pytest.mark.parametrize("there", [False, True])
def test_without_the_token_the_settings_are_refused_as_before(
    file: Path, capsys: pytest.CaptureFixture[str], *, there: bool
) -> None:
    if there:
        file.with_name("pushover-token").touch()  # as the guide makes it
    assert legwatch(["check-config", str(file)]) == 2
    assert "the application's token is missing" in capsys.readouterr().err


def test_the_environment_goes_first(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEGWATCH_PUSHOVER_TOKEN", GOOD)
    file.with_name("pushover-token").write_text("short")
    assert legwatch(["check-config", str(file)]) == 0, capsys.readouterr().err


def test_after_the_command_nothing_is_looked_for(file: Path) -> None:
    file.with_name("pushover-token").write_text(GOOD)
    assert legwatch(["check-config", str(file)]) == 0
    assert secrets.secret("LEGWATCH_PUSHOVER_TOKEN") == ""


@pytest.mark.parametrize(
    "line",
    [f"LEGWATCH_PUSHOVER_TOKEN={GOOD}", f"# a token\n\n LEGWATCH_PUSHOVER_TOKEN = '{GOOD}' "],
)
def test_commands_find_what_the_unit_of_one_pi_is_given(
    file: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    (file.parent / "secrets.env").write_text(f"{line}\n")
    assert legwatch(["check-config", str(file)]) == 0
    assert legwatch(["settings", "--config", str(file), "set", "escalation.next_min", "5"]) == 0
    assert GOOD not in "".join(capsys.readouterr())


def test_commands_look_beside_the_owners_file_of_a_watch_by_up(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "state" / "server.toml"
    made.parent.mkdir()
    made.write_text(f"{head_of_up(file)}\n{file.read_text()}")
    (file.parent / "secrets.env").write_text(f"LEGWATCH_PUSHOVER_TOKEN={GOOD}\n")
    assert legwatch(["settings", "--config", str(made), "set", "escalation.next_min", "5"]) == 0
    assert "missing" not in "".join(capsys.readouterr())


def test_up_takes_from_the_file_what_the_environment_does_not_give(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEGWATCH_NTFY_TOKEN", "tk_given")
    monkeypatch.setenv("LEGWATCH_PUSHOVER_TOKEN", "")
    monkeypatch.delenv("LEGWATCH_PUSHOVER_TOKEN")
    lines = ("LEGWATCH_NTFY_TOKEN=tk_file", f"LEGWATCH_PUSHOVER_TOKEN={GOOD}", "PATH=/nowhere")
    (file.parent / "secrets.env").write_text("\n".join(lines))
    path = os.environ["PATH"]
    _take_secrets(file)
    assert os.environ["LEGWATCH_PUSHOVER_TOKEN"] == GOOD
    assert os.environ["LEGWATCH_NTFY_TOKEN"] == "tk_given"
    assert os.environ["PATH"] == path


def test_up_starts_beside_a_file_that_only_systemd_may_read(file: Path, not_ours: None) -> None:
    (file.parent / "secrets.env").write_text("LEGWATCH_NTFY_TOKEN=tk_file")
    _take_secrets(file)
    assert "LEGWATCH_NTFY_TOKEN" not in os.environ
