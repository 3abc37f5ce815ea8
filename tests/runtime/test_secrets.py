"""Secrets are stripped when they are read, refused when they cannot be used, and never shown."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from legwatch.errors import SettingsError
from legwatch_runtime import secrets
from legwatch_runtime.log import log_to_stderr
from legwatch_runtime.secrets import hide, remember, secret, token

NAME = "LEGWATCH_TEST_TOKEN"


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_known", [])


@pytest.mark.parametrize("given", ["tk_abcdef\n", " tk_abcdef\r\n", "tk_abcdef  ", "\ttk_abcdef"])
def test_what_stands_around_a_secret_does_not_belong_to_it(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, given)
    assert secret(NAME) == "tk_abcdef"
    file = tmp_path / "token"
    file.write_bytes(given.encode())
    monkeypatch.setenv(f"{NAME}_FILE", str(file))
    assert secret(NAME) == "tk_abcdef"


@pytest.mark.parametrize("given", ["tk_abc\ndef", "tk_abc\x01def", "tk_abc\rdef"])
def test_a_secret_with_a_break_inside_is_refused_and_not_shown(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, given)
    with pytest.raises(SettingsError, match=f"{NAME}: the secret has a line break") as raised:
        secret(NAME)
    assert "tk_abc" not in str(raised.value)
    file = tmp_path / "token"
    file.write_bytes(given.encode())
    monkeypatch.setenv(f"{NAME}_FILE", str(file))
    with pytest.raises(SettingsError, match=f"{NAME}_FILE: the secret has a line break"):
        secret(NAME)


@pytest.mark.parametrize("read", [secret, token])
@pytest.mark.parametrize("name", ["FIRMCHAT_TOKEN", "PATH", "legwatch_token", ""])
def test_a_name_that_no_file_of_secrets_may_set_is_refused(
    read: Callable[[str], str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name:
        monkeypatch.setenv(name, "tk_abcdef")
    with pytest.raises(ValueError, match=f"begins with LEGWATCH_: .* not {name!r}") as raised:
        read(name)
    assert "tk_abc" not in str(raised.value)


def test_an_empty_file_is_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "token"
    file.write_text("\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(file))
    with pytest.raises(SettingsError, match="is empty: write the secret into it"):
        secret(NAME)
    assert secret(NAME, needed=False) == ""


def test_an_empty_copy_of_systemd_names_the_file_to_write_and_the_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pushover"
    file.touch()
    monkeypatch.setenv(f"{NAME}_FILE", str(file))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(SettingsError, match="/etc/legwatch/pushover-token, and restart the unit"):
        secret(NAME)


def test_a_secret_is_hidden_in_every_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "tk/geheim+1")
    secret(NAME)
    for text in ("Bearer tk/geheim+1", "?token=tk%2Fgeheim%2B1", repr(b"Bearer tk/geheim+1")):
        assert "geheim" not in hide(text), text
    assert hide("nothing to hide") == "nothing to hide"
    remember("")
    assert hide("abc") == "abc"


def fails_with(text: str) -> None:
    raise ValueError(text)


def test_the_log_hides_secrets_in_tracebacks_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("legwatch_runtime.log.faulthandler.enable", lambda: None)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    remember("tk_geheim_1")
    log_to_stderr()
    try:
        fails_with("Invalid header value b'Bearer tk_geheim_1'")
    except ValueError:
        logging.getLogger("x").exception("tk_geheim_1 did not help")
    said = capsys.readouterr().err
    assert "Invalid header value b'Bearer ***'" in said
    assert "geheim" not in said
