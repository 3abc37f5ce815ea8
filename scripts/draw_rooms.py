"""Draw docs/rooms.svg: the rooms of the code, who imports whom, and the way of one window.

    .venv/bin/python scripts/draw_rooms.py           draw it anew
    .venv/bin/python scripts/draw_rooms.py --check   exit code 1 when it is old

Rooms and rows are those of the import contracts in pyproject.toml. Files and arrows are read from
the code. The way is written below; each step of it must follow an import, or name what carries it.
"""

import argparse
import ast
import sys
import tomllib
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "rooms.svg"
FOLDERS = {
    "legwatch": "core",
    "legwatch_runtime": "core",
    "legwatch_device": "device",
    "legwatch_server": "server",
    "legwatch_lab": "lab",
}
TITLES = {
    "legwatch_device": "device: at the bed",
    "legwatch_server": "server: store, decide, notify",
    "legwatch_lab": "lab: judge the rules",
    "legwatch_runtime": "runtime: what every process needs of its machine",
    "legwatch": "core: decides, without clock, chance, files or network",
}
# The room, what happens there, and what carries the window there where no import does.
WAY = (
    ("legwatch_device.drivers", "a driver reads a sensor", ""),
    ("legwatch_device.sampler", "ten seconds become a window", ""),
    ("legwatch_device.agent", "the agent takes the window", "a queue"),
    ("legwatch_device.spool", "it is kept on the Pi until the server has it", ""),
    ("legwatch_device.sender", "it is sent in order", ""),
    ("legwatch_server.ingest", "the server receives it", "MQTT"),
    ("legwatch_server.beds", "the writer puts it into its bed's open minute", ""),
    ("legwatch.engine", "a complete minute is judged", ""),
    ("legwatch.bed", "what was seen goes through the conditions", ""),
    ("legwatch.conditions", "each condition gives a verdict", ""),
    ("legwatch.alerting", "an alert fires: a notice, or why it is suppressed", ""),
    ("legwatch_server.notify", "who is notified, on which channel, when", ""),
    ("legwatch_server.store", "window, state, notice and deliveries: one commit", ""),
    ("legwatch_server.notify", "the outbox sends the push to the phone", ""),
)
WIDTH, GAP, LINE, HEAD = 1400, 10, 14, 22
STYLE = """
text{font-family:Helvetica,Arial,sans-serif;fill:#1d2733}
.t{font-size:15px;font-weight:bold}.r{font-size:12.5px;font-weight:bold}.f{font-size:10.5px;fill:#5a6773}
.p{fill:#f4f6f8;stroke:#c6ced6}.b{fill:#fff;stroke:#9fb0bf}.w{fill:#fff4e3;stroke:#d98a1f;stroke-width:1.6}
.a{stroke:#7d8b99;stroke-opacity:.45;fill:none}
.m{stroke:#c96f0a;stroke-width:2.2;stroke-opacity:.75;fill:none}
.c{fill:#c96f0a}.n{font-size:10px;font-weight:bold;fill:#fff;text-anchor:middle}"""


class Box(NamedTuple):
    """A room on the sheet."""

    x: float
    y: float
    width: float
    height: float


def rows_of(contracts: list[dict[str, Any]]) -> dict[str, list[list[str]]]:
    """Return the rows of each package, top first; each row is a list of rooms."""
    rows = {
        contract["containers"][0]: [
            [room.strip() for room in row.split("|")] for row in contract["layers"]
        ]
        for contract in contracts
        if contract.get("containers", [""])[0] in FOLDERS  # not the files inside one room
    }
    rows["legwatch_runtime"] = [
        sorted(p.stem for p in (ROOT / "core/legwatch_runtime").glob("*.py") if p.stem[0] != "_")
    ]
    return rows


def files_of(package: str, room: str) -> list[str]:
    """Return the files of a room; a file is a room of its own without any."""
    folder = ROOT / FOLDERS[package] / package / room
    files = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    return files + sorted(f"{path.parent.name}/" for path in folder.glob("*/__init__.py"))


def imports(rows: dict[str, list[list[str]]]) -> set[tuple[str, str]]:
    """Return every pair (importer, imported) of rooms."""
    found = set()
    for package in rows:
        base = ROOT / FOLDERS[package] / package
        for path in sorted(base.rglob("*.py")):
            here = _room(".".join((package, *path.relative_to(base).with_suffix("").parts)))
            for name in _imported(ast.parse(path.read_text(encoding="utf-8"))):
                if name.split(".")[0] in rows and here != _room(name):
                    found.add((here, _room(name)))
    return found


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def wrong_steps(arrows: set[tuple[str, str]]) -> Iterator[str]:
    """Yield each step of the way that neither an import nor a carrier accounts for."""
    for (before, _, _), (after, what, carrier) in pairwise(WAY):
        joined = {(before, after), (after, before)} & arrows
        if not carrier and not joined:
            yield f"{before} -> {after} ({what}): neither imports the other, and nothing carries it"


def place(rows: dict[str, list[list[str]]]) -> tuple[dict[str, Box], dict[str, Box]]:
    """Return the boxes of the rooms, and the frames of the packages."""
    boxes: dict[str, Box] = {}
    frames: dict[str, Box] = {}
    tops = {
        "legwatch_device": (10, 250),
        "legwatch_server": (270, 840),
        "legwatch_lab": (1120, 270),
    }
    bottom = max(
        _package(package, x, 10, width, rows, boxes, frames) for package, (x, width) in tops.items()
    )
    for package in tops:  # the three stand on one line
        frames[package] = frames[package]._replace(height=bottom - 10)
    bottom = _package("legwatch_runtime", 10, bottom + 16, WIDTH - 20, rows, boxes, frames)
    _package("legwatch", 10, bottom + 16, WIDTH - 20, rows, boxes, frames)
    return boxes, frames


def _package(
    package: str,
    x: float,
    y: float,
    width: float,
    rows: dict[str, list[list[str]]],
    boxes: dict[str, Box],
    frames: dict[str, Box],
) -> float:
    top = y
    y += HEAD + 8
    for row in rows[package]:
        each = (width - GAP * (len(row) + 1)) / len(row)
        height = max(HEAD + 4 + LINE * len(lines_of(package, room, each)) for room in row)
        for place_, room in enumerate(row):
            left = x + GAP + place_ * (each + GAP)
            boxes[f"{package}.{room}"] = Box(left, y, each, height)
        y += height + GAP + 4
    frames[package] = Box(x, top, width, y - top)
    return y


def lines_of(package: str, room: str, width: float) -> list[str]:
    """Return a room's files as lines of text that fit into its box."""
    most, lines = int((width - 14) / 5.6), [""]
    for file in files_of(package, room):
        word = f"{lines[-1]} {file}".strip()
        if len(word) <= most or not lines[-1]:
            lines[-1] = word
        else:
            lines.append(file)
    return [line for line in lines if line]


def draw() -> str:
    """Return the picture; raises SystemExit when the way has a step that the code has not."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rows = rows_of(project["tool"]["importlinter"]["contracts"])
    arrows = imports(rows)
    wrong = list(wrong_steps(arrows))
    if wrong:
        raise SystemExit("scripts/draw_rooms.py, WAY: " + "; ".join(wrong))
    boxes, frames = place(rows)
    height = max(frame.y + frame.height for frame in frames.values()) + 20 + _legend_height()
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">',
        "<title>The rooms of legwatch, who imports whom, and the way of one window</title>",
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>',
        *_frames(frames),
        *_between_packages(frames, arrows),
        *_arrows(boxes, arrows),
        *_rooms(boxes),
        *_way(boxes),
        *_legend(height - _legend_height()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _frames(frames: dict[str, Box]) -> Iterator[str]:
    for package, (x, y, width, height) in frames.items():
        yield f'<rect class="p" x="{x}" y="{y:.0f}" width="{width}" height="{height:.0f}" rx="8"/>'
        yield f'<text class="t" x="{x + 12}" y="{y + 20:.0f}">{escape(TITLES[package])}</text>'


def _between_packages(frames: dict[str, Box], arrows: set[tuple[str, str]]) -> Iterator[str]:
    """Draw one arrow for each pair of packages, in the space between their frames."""
    pairs = sorted({(a.split(".")[0], b.split(".")[0]) for a, b in arrows})
    for above, below in pairs:
        if above == below or below not in {"legwatch_runtime", "legwatch"}:
            continue
        one, two = frames[above], frames[below]
        shift = 30 if below == "legwatch" else -30
        x = one.x + one.width / 2 + shift
        yield _arrow(x, one.y + one.height, x, two.y, "a", 3)


def _arrows(boxes: dict[str, Box], arrows: set[tuple[str, str]]) -> Iterator[str]:
    for above, below in sorted(arrows):
        if above not in boxes or below not in boxes or above.split(".")[0] != below.split(".")[0]:
            continue
        one, two = boxes[above], boxes[below]
        if two.y > one.y:
            yield _arrow(_middle(one), one.y + one.height, _middle(two), two.y, "a", 1.1)


def _arrow(x1: float, y1: float, x2: float, y2: float, style: str, width: float) -> str:
    bend = (y2 - y1) / 2
    path = (
        f"M{x1:.0f},{y1:.0f} C{x1:.0f},{y1 + bend:.0f} {x2:.0f},{y2 - bend:.0f} {x2:.0f},{y2:.0f}"
    )
    head = f"M{x2 - 3:.0f},{y2 - 6:.0f} L{x2:.0f},{y2:.0f} L{x2 + 3:.0f},{y2 - 6:.0f}"
    return f'<path class="{style}" stroke-width="{width}" d="{path} {head}"/>'


def _middle(box: Box) -> float:
    return box.x + box.width / 2


def _rooms(boxes: dict[str, Box]) -> Iterator[str]:
    on_the_way = {room for room, _, _ in WAY}
    for name, (x, y, width, height) in boxes.items():
        package, room = name.split(".")
        style = "w" if name in on_the_way else "b"
        yield (
            f'<rect class="{style}" x="{x:.0f}" y="{y:.0f}" width="{width:.0f}"'
            f' height="{height:.0f}" rx="5"/>'
        )
        yield f'<text class="r" x="{x + 7:.0f}" y="{y + 16:.0f}">{escape(room)}</text>'
        for number, line in enumerate(lines_of(package, room, width), start=1):
            down = y + 17 + number * LINE
            yield f'<text class="f" x="{x + 7:.0f}" y="{down:.0f}">{escape(line)}</text>'


def _way(boxes: dict[str, Box]) -> Iterator[str]:
    """Draw the numbers of the way in their rooms, and the line between them."""
    seen: dict[str, int] = {}
    points = []
    for room, _, _ in WAY:
        box, before = boxes[room], seen.get(room, 0)
        seen[room] = before + 1
        right = min(box.width - 11, 420)  # near the text, also in a wide room
        points.append((box.x + right - 20 * before, box.y + 11))
    path = " L".join(f"{x:.0f},{y:.0f}" for x, y in points)
    yield f'<path class="m" d="M{path}"/>'
    for number, (x, y) in enumerate(points, start=1):
        yield f'<circle class="c" cx="{x:.0f}" cy="{y:.0f}" r="8.5"/>'
        yield f'<text class="n" x="{x:.0f}" y="{y + 3.5:.0f}">{number}</text>'


def _legend_height() -> int:
    return 34 + 20 * -(-len(WAY) // 2)


def _legend(y: float) -> Iterator[str]:
    title = "The way of one window, from the sensor to the phone (grey arrows: who imports whom)"
    yield f'<text class="t" x="22" y="{y + 8:.0f}">{title}</text>'
    half = -(-len(WAY) // 2)
    for number, (room, what, carrier) in enumerate(WAY, start=1):
        x, down = 30 + 690 * ((number - 1) // half), y + 32 + 20 * ((number - 1) % half)
        by = f" (through {carrier})" if carrier else ""
        name = room.replace("legwatch_", "").replace("legwatch.", "core.")
        yield f'<circle class="c" cx="{x}" cy="{down - 4:.0f}" r="8.5"/>'
        yield f'<text class="n" x="{x}" y="{down - 0.5:.0f}">{number}</text>'
        yield (
            f'<text x="{x + 16}" y="{down:.0f}" font-size="13"><tspan font-weight="bold">{name}'
            f"</tspan>: {escape(what + by)}</text>"
        )


def main() -> int:
    """Draw the picture, or with --check say whether it is old."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when it is old")
    check = parser.parse_args().check
    picture = draw()
    if not check:
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_text(picture, encoding="utf-8")
        return 0
    if PICTURE.exists() and PICTURE.read_text(encoding="utf-8") == picture:
        return 0
    print("docs/rooms.svg is old: draw it anew with .venv/bin/python scripts/draw_rooms.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
