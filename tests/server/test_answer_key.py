"""A key that a stranger could guess is refused; one that was cut off is replaced."""

from pathlib import Path

import pytest

from legwatch.__main__ import main
from legwatch.errors import CannotRun
from legwatch_server.answer_key import KEY, KEY_BYTES, given_key
from legwatch_server.signed_links import KEY_FILE, kept_key, signing_key

Said = pytest.CaptureFixture[str]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "server.toml"
    path.write_text(f'state_dir = "{tmp_path / "state"}"\n')
    return path


@pytest.mark.parametrize("given", ["x", "x" * (KEY_BYTES - 1)])
@pytest.mark.parametrize(
    "command", [["check-config", "--as", "server"], ["server", "--check-config", "--config"]]
)
def test_a_short_key_is_refused_in_one_sentence_that_does_not_show_it(
    command: list[str], given: str, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    monkeypatch.setenv(KEY, given)
    assert main([*command, str(config)]) == 2
    said = capsys.readouterr().err
    assert f"{KEY}: {len(given)} bytes are too short" in said
    assert "x" * 5 not in said
    assert len(said.splitlines()) == 1


def test_a_short_key_in_a_file_is_refused_too(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    file = config.with_name("key")
    for content in ("", "\n", "x\n"):
        file.write_text(content)
        monkeypatch.setenv(f"{KEY}_FILE", str(file))
        assert main(["check-config", "--as", "server", str(config)]) == 2, content
        assert KEY in capsys.readouterr().err


def test_a_long_key_is_taken(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said) -> None:
    monkeypatch.setenv(KEY, "k" * KEY_BYTES)
    assert main(["check-config", "--as", "server", str(config)]) == 0
    assert "kkkkkk" not in capsys.readouterr().out


@pytest.mark.parametrize("left", [b"", b"k", b"k" * 31])
def test_a_stored_key_that_was_cut_off_is_replaced_and_said(
    left: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "answer.key").write_bytes(left)
    key = signing_key(tmp_path, b"")
    assert len(key) == KEY_BYTES
    assert signing_key(tmp_path, b"") == key
    assert f"has only {len(left)} bytes: a new key is made" in caplog.text


def test_a_stored_key_that_was_cut_off_signs_no_link(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"")
    with pytest.raises(CannotRun, match="start the server"):
        kept_key(tmp_path)


def test_an_empty_variable_is_no_key_and_the_server_makes_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for empty in ("", " \n"):
        monkeypatch.setenv(KEY, empty)
        assert given_key() == b""
        assert len(signing_key(tmp_path, given_key())) == KEY_BYTES
