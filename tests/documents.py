"""The commands that the documents, the annotated settings and the printed hints name."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from repository import REPO

PAGES = (
    "README.md",
    "CHANGELOG.md",
    "config/README.md",
    "deploy/README.md",
    "deploy/guides/mission.md",
    "deploy/guides/no_pi.md",
    "deploy/guides/recommended.md",
    "device/legwatch_device/drivers/README.md",
    "device/legwatch_device/drivers/mqtt/README.md",
    "server/legwatch_server/notify/channels/README.md",
    "examples/legwatch-example/README.md",
    "lab/legwatch_lab/bench/detection.md",
    "lab/legwatch_lab/bench/families.md",
    "lab/legwatch_lab/score/own_nights.md",
    "tests/nights/README.md",
    "tests/outside/README.md",
)
SETTINGS = ("config/agent.example.toml", "config/server.example.toml", "deploy/server.toml")
SOURCES = ("core", "device", "server", "lab")
BENCHES = ("tests/bench", "lab/legwatch_lab/bench", "lab/legwatch_lab/fit")

_SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"`([^`]+)`")
_INDENTED = re.compile(r"^ {4}(\S.*)$", re.MULTILINE)
_SUBCOMMAND = "up|agent|server|alerts|duty|learned|replay|score|nights make|history|check-config"
_PLAIN = re.compile(rf"(?<![\w`/])legwatch (?:{_SUBCOMMAND})\b(?: [\w./*=-]+)*(?!:)")
_COMMAND = re.compile(
    r"(?:sudo |pip |docker |legwatch |scripts/|\.venv/bin/|python3? )\S"  # a whole one
    r"|--[a-z]"  # an option of one
    r"|(?:explain|seen|useless|quiet) [A-Z]"  # what `legwatch alerts` is told
    r"|(?:[\w/]+/)?(?!test_)\w+\.py$"  # a bench, or what writes the dashboards
)
_NUMBER = re.compile(r"(?<=[ =])\d+(?:\.\d+)?(?=[ \]]|$)")


@cache
def named() -> dict[str, set[str]]:
    """Return every command, evened out, each with the files that name it."""
    found: dict[str, set[str]] = {}
    for place, text in _all():
        command = evened(text)
        if command:
            found.setdefault(command, set()).add(place)
    return found


def evened(text: str) -> str:
    """Return a command with single spaces, and N for each number.

    The page of a bench names another seed each time that it is measured.
    """
    return _NUMBER.sub("N", " ".join(text.split()))


def _all() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        yield from ((page, text) for text in in_page((REPO / page).read_text()))
    for file in SETTINGS:
        notes = (line.partition("#")[2] for line in (REPO / file).read_text().splitlines())
        yield from ((file, text) for note in notes for text in in_words(note))
    for path in sorted(path for folder in SOURCES for path in (REPO / folder).rglob("*.py")):
        for words in _printed(path):
            yield from ((str(path.relative_to(REPO)), text) for text in in_words(words))
    for path in sorted(path for folder in BENCHES for path in (REPO / folder).glob("*.py")):
        usage = ast.get_docstring(ast.parse(path.read_text()), clean=False) or ""
        yield from ((str(path.relative_to(REPO)), text) for text in _indented(usage))


def in_page(text: str) -> Iterator[str]:
    """Yield the commands of a page: each line of its shell blocks, and what stands as code."""
    for block in _SHELL.findall(text):
        for line in shell_lines(block):
            yield from line.split(" && ")
    rest = _FENCE.sub("", text)
    yield from _indented(rest)
    yield from (code for code in _INLINE.findall(rest) if _COMMAND.match(code))


def shell_lines(block: str) -> list[str]:
    """Return the lines of a shell block as the shell takes them, without what is remarked."""
    lines = block.replace("\\\n", " ").splitlines()
    return [bare for line in lines if (bare := re.sub(r"\s+#.*", "", line).strip())]


def in_words(text: str) -> Iterator[str]:
    """Yield the commands in a note or a printed sentence, marked as code or not."""
    yield from (code for code in _INLINE.findall(text) if _COMMAND.match(code))
    yield from _PLAIN.findall(_INLINE.sub("", text))
    yield from re.findall(r"pip install '[^']+'|sudo apt install [\w -]*\w", text)


def in_lines(text: str, program: str) -> Iterator[str]:
    """Yield the commands of this program that stand on printed lines of their own."""
    yield from re.findall(rf"^ +({re.escape(program)} .*)$", text, re.MULTILINE)


def _indented(text: str) -> Iterator[str]:
    joined = re.sub(r" \\\\?\n\s+", " ", text)
    yield from (line for line in _INDENTED.findall(joined) if _COMMAND.match(line))


def _printed(path: Path) -> Iterator[str]:
    """Yield the strings of a file that somebody may come to see: no docstrings, no `prog`."""
    tree = ast.parse(path.read_text())
    hidden = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) or (isinstance(node, ast.keyword) and node.arg == "prog")
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in hidden
        ):
            yield node.value
