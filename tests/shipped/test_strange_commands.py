"""A command of another package that fails: one sentence says whose it is."""

import io
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from legwatch.__main__ import GROUP
from legwatch.__main__ import main as legwatch
from legwatch_runtime import streams
from strangers import Stranger


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stranger:
    return Stranger(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise ValueError('x')", "cannot be loaded: ValueError: x"),
        ("raise SystemExit(0)", "cannot be loaded: SystemExit: 0"),
        ("import nose_of_a_dog", "cannot be loaded: it needs the module nose_of_a_dog, which is"),
        ("import legwatch_server.nose", "cannot be loaded: it needs the module legwatch_server.n"),
        (None, "cannot be loaded: it needs the module stranger"),
        ("", "has no attribute 'main'"),
        ("main = 5", "cannot be used: it is no function"),
        ("def main(): pass", "cannot be used: it is main(), and must take one list of arguments"),
        ("def main(a, b): pass", "cannot be used: it is main(a, b), and must take one list of"),
        ("def main(*, words: str='x'): pass", "cannot be used: it is main(*, words), and must"),
        ("class main: pass", "cannot be used: it is main(), and must take one list of arguments"),
        (
            "def main(words): len()",
            "failed: TypeError: len() takes exactly one argument (0 given) (",
        ),
        ("def main(words): raise TypeError('a\\nb')", "failed: TypeError: a b ("),
        ("def main(words): return 'done'", "must return an exit code, not str"),
    ],
)
def test_one_sentence_names_the_package(
    stranger: Stranger, capsys: pytest.CaptureFixture[str], code: str | None, words: str
) -> None:
    stranger.has(code, {GROUP: {"odd": "{}:main"}})
    assert legwatch(["odd"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"legwatch odd: {stranger.origin('main')} ")
    assert words in said
    assert said.count("\n") == 1
    assert legwatch(["--help"]) == 0  # and the others are there
    assert "  odd" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ('def main(words):\n    """Move the bed.\n\n    More of it.\n    """\n', "Move the bed."),
        ('"""Beds that move."""\ndef main(words): pass\n', "Beds that move."),
        (f'"""{"x" * 100}"""\nmain = 5\n', "x" * 69 + "…"),
        ("def main(words): pass\n", "of package {} 1.2"),
        ("raise SystemExit(3)\n", "of package {} 1.2"),
        ("no python\n", "of package {} 1.2"),
        (None, "of package {} 1.2"),
    ],
)
def test_the_help_says_what_it_is_for_or_whose_it_is_and_runs_nothing_of_it(
    stranger: Stranger, capsys: pytest.CaptureFixture[str], code: str | None, words: str
) -> None:
    stranger.has(code, {GROUP: {"odd": "{}:main"}})
    assert legwatch(["--help"]) == 0
    assert f"  odd           {words.format(stranger.name)}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    "code",
    [
        "def main(words): print(words); return 3",
        "def main(words, more=None, *rest, **names): print(words); return 3",
        "def main(*all): print(*all); return 3",
        "main = lambda words: print(words) or 3",
        "def main(words): print(words); return 3\nmain.__signature__ = 'nonsense'",
    ],
)
def test_a_good_one_is_run_with_its_words(
    stranger: Stranger, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    stranger.has(code, {GROUP: {"odd": "{}:main"}})
    assert legwatch(["odd", "a"]) == 3
    assert capsys.readouterr().out == "['a']\n"


def test_one_whose_reader_has_seen_enough_ends_without_a_word(
    stranger: Stranger, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(streams, "forget", Mock())  # it closes the output of the process
    monkeypatch.setattr(sys, "stdout", Gone())
    stranger.has("def main(words): print('many lines')", {GROUP: {"odd": "{}:main"}})
    assert legwatch(["odd"]) == 0
    assert capfd.readouterr().err == ""


def test_one_whose_own_connection_breaks_has_failed(
    stranger: Stranger, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger.has("def main(words): raise BrokenPipeError(32, 'x')", {GROUP: {"odd": "{}:main"}})
    assert legwatch(["odd"]) == 1
    assert f"{stranger.origin('main')} failed: " in capsys.readouterr().err


def test_no_package_takes_a_shipped_command_away(
    stranger: Stranger, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger.has("raise ValueError", {GROUP: {"check-config": "{}:main"}})
    assert legwatch(["check-config", "--options"]) == 0
    assert "[sensors.leg]" in capsys.readouterr().out


@pytest.mark.parametrize(
    "value", ["my-bad.plain:make", "bad plain:make", "bad.plain:make()", "bad.plain.make"]
)
def test_one_that_python_cannot_take_apart_is_one_sentence(
    stranger: Stranger, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    stranger.has("", {GROUP: {"odd": value}})
    assert legwatch(["odd"]) == 1
    said = capsys.readouterr().err
    assert f"{value!r} is not written as module:name" in said
    assert said.count("\n") == 1
    assert legwatch(["--help"]) == 0
    assert "  odd" in capsys.readouterr().out
    assert legwatch(["od"]) == 2, "a typing error is answered, too"


def test_entry_points_that_cannot_be_read_hide_no_command(
    stranger: Stranger, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger.has("", {})
    (stranger._info / "entry_points.txt").write_text("[legwatch.commands]\nnonsense\n")
    assert legwatch(["--help"]) == 0
    assert "  check-config" in capsys.readouterr().out


@pytest.mark.parametrize("code", ["raise ValueError('x')", "shape = 5"])
def test_a_strange_kind_of_settings_keeps_nobody_from_checking_the_others(
    stranger: Stranger, tmp_path: Path, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    stranger.has(code, {"legwatch.configs": {"odd": "{}:shape"}})
    file = tmp_path / "server.toml"
    file.write_text('zone = "UTC"\n')
    assert legwatch(["check-config", str(file)]) == 0
    said = capsys.readouterr()
    assert "good (server" in said.out
    assert stranger.origin("shape") in said.err
