"""Every command of the command line: what it must refuse is a sentence, never a traceback."""

import argparse
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tomlkit import dumps as dump

from legwatch.__main__ import GROUP, main
from repository import REPO

PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMMANDS = sorted(PROJECT["entry-points"][GROUP])
NIGHT = REPO / "tests/nights/uncovered.csv.gz"
ODD = ("99999999999999999999", "-99999999999999999999", "-1", "nan", "inf", "1e999", "")
STATED = {0, 1, 2, 130}


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run a command here; return its exit code and what it has said."""
    try:
        code = main(words)
    except SystemExit as end:
        code = int(end.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def server(tmp_path: Path) -> str:
    path = tmp_path / "server.toml"
    path.write_text(dump({"state_dir": str(tmp_path / "state"), "zone": "UTC"}))
    return str(path)


def test_the_list_of_commands_says_of_each_what_it_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert [name for name in COMMANDS if not re.search(rf"^  {name} +\w", out, re.MULTILINE)] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_each_command_states_its_exit_codes(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, name, "--help")
    assert code == 0
    assert "xit code: 0 " in " ".join(out.split())


def numeric(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, ...]]:
    """Yield the words before each number that a command takes, as its parser has them."""
    parsers: list[argparse.ArgumentParser] = []
    before = argparse.ArgumentParser.__init__

    def noted(self: argparse.ArgumentParser, *given: Any, **named: Any) -> None:
        before(self, *given, **named)
        parsers.append(self)

    monkeypatch.setattr(argparse.ArgumentParser, "__init__", noted)
    for name in COMMANDS:
        parsers.clear()
        with pytest.raises(SystemExit):
            main([name, "--help"])
        for parser in parsers:
            words = tuple(parser.prog.removeprefix("legwatch ").split())
            for action in parser._actions:
                if action.type not in (None, Path) and words[:1] == (name,):
                    yield (*words, *action.option_strings[-1:])


def test_no_odd_number_gives_a_traceback(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    server: str,
    tmp_path: Path,
) -> None:
    found = list(dict.fromkeys(numeric(monkeypatch)))
    assert {words[0] for words in found} >= {"alerts", "duty", "learned", "nights", "score", "up"}
    assert len(found) >= 12
    rest = {
        "alerts": ["--config", server],
        "duty": ["--config", server],
        "learned": ["--config", server],
        "score": [str(tmp_path)],
        "up": ["--state", str(tmp_path / "up"), "--config", str(tmp_path / "none.toml")],
    }
    for words in found:
        for odd in ODD:
            out = ["--seed", "1", "--out", str(tmp_path)] if words[-1] != "--seed" else []
            more = rest.get(words[0], out if words[0] == "nights" else [])
            flagged = words[-1].startswith("--")
            value = [f"{words[-1]}={odd}"] if flagged else [odd]
            head = [*words[:-1]] if flagged else [*words]
            code, _, err = run(capsys, *head, *value, *more)
            assert code in (1, 2), (words, odd)
            assert "Traceback" not in err
            assert err.strip(), (words, odd)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["up", "--speed", "0"], "allowed 0.01 to 100000"),
        (["up", "--speed", "-1"], "allowed 0.01 to 100000"),
        (["up", "--speed", "nan"], "allowed 0.01 to 100000"),
        (["duty", "--nights", "-1"], "allowed 1 to 366"),
        (["alerts", "--night", "9999-12-31"], "--night"),
        (["alerts", "--night", "0001-01-01"], "--night"),
        (["alerts", "explain", "99999999999999999999"], "is not allowed"),
        (["replay", str(NIGHT), "--map", "old=oxygen_of_mars"], "is no channel; known: "),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str], server: str, tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    more = ["--config", server] if words[0] in ("alerts", "duty") else []
    code, _, err = run(capsys, words[0], *more, *words[1:])
    assert code in (1, 2)
    assert says in err


def files(folder: Path) -> dict[str, Path]:
    """Return files of every wrong kind."""
    (folder / "empty").write_bytes(b"")
    (folder / "image.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (folder / "folder").mkdir()
    return {
        "empty": folder / "empty",
        "image": folder / "image.png",
        "folder": folder / "folder",
        "none": folder / "none",
        "agent": REPO / "config/agent.example.toml",
        "server": REPO / "config/server.example.toml",
        "night": NIGHT,
        "page": REPO / "README.md",
    }


TAKES = {  # each command with a file, and the kinds that it can use
    "check-config": (["check-config"], {"agent", "server"}),
    "replay": (["replay"], {"night"}),
    "score": (["score"], set()),
    "alerts": (["alerts", "--config"], {"server"}),
    "duty": (["duty", "--config"], {"server"}),
    "learned": (["learned", "--config"], {"server"}),
    "settings": (["settings", "--config"], {"server"}),
    "now": (["now", "--config"], {"server"}),
    "beds": (["beds", "--config"], {"server"}),
    "storage": (["storage", "--config"], {"server"}),
    "sensors": (["sensors", "--seconds", "1", "--live"], {"agent"}),
    "programs": (["programs", "--config"], {"server"}),
    "doctor": (["doctor", "--config"], {"agent", "server"}),
    "update": (["update"], set()),
    "backup": (["backup", "/nowhere/b.tar", "--config"], set()),
    "restore": (["restore"], set()),
    "history": (["history", "--config"], {"server"}),
    "server": (["server", "--check-config", "--config"], {"server"}),
    "agent": (["agent", "--check-config", "--config"], {"agent"}),
}


def test_each_command_that_takes_a_file_is_tried_with_wrong_ones() -> None:
    # The settings of `up` are tried in test_up_words.py, those of `setup` in setup/test_written.py.
    assert {*TAKES, "nights", "up", "pair", "setup"} == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(TAKES))
def test_a_file_of_a_wrong_kind_is_refused_in_a_sentence(
    name: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words, good = TAKES[name]
    for kind, path in files(tmp_path).items():
        if kind in good:
            continue
        code, _, err = run(capsys, *words, str(path))
        if kind == "empty" and name not in ("replay", "score", "check-config", "agent"):
            assert code in STATED  # no key is wrong in it
            continue
        assert code in (1, 2), (kind, err)
        assert err.strip(), kind
        assert "Traceback" not in err, kind


SHELL = {
    "closed": ">&-",
    "full": "> /dev/full",
    "no errors": "2>&-",
    "neither": ">&- 2>&-",
    "errors full": "> /dev/null 2> /dev/full",
    "gone": "| true",
}
LINES = {
    "help": "--help",
    "replay": f"replay {NIGHT}",
    "options": "check-config --options",
    "wrong": "check-config /nowhere.toml",
}


@pytest.mark.end_to_end  # each runs a command
@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("where", SHELL)
def test_output_that_is_closed_or_full_gives_no_traceback(
    line: str, where: str, tmp_path: Path
) -> None:
    shell = f"{sys.executable} -m legwatch {LINES[line]} 2> {tmp_path}/said {SHELL[where]}"
    done = subprocess.run(
        ["bash", "-c", f"{shell}; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stderr + done.stdout + (tmp_path / "said").read_text()
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert "lost sys" not in said
    wanted = 2 if line == "wrong" else 1 if where == "full" else 0
    assert done.returncode == wanted, said
    if where == "full" and line != "wrong":
        assert "standard output takes nothing" in said


@pytest.mark.end_to_end  # each runs a command
@pytest.mark.parametrize(
    "ascii_only",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"LANG": "C", "LC_ALL": "", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ],
)
def test_what_ascii_cannot_say_is_replaced(ascii_only: dict[str, str]) -> None:
    words = [sys.executable, "-m", "legwatch", "replay", str(NIGHT), "--format", "jsonl"]
    env = {**os.environ, **ascii_only}
    done = subprocess.run(words, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"24.9 ? C" in done.stdout or b" ?C" in done.stdout or b"? C" in done.stdout
