"""The guides of the builds: their pictures, their settings, and what they say of both."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import gpiozero
import pytest

from legwatch_server.cli import check_config
from repository import REPO

GUIDES = REPO / "deploy" / "guides"
BUILDS = sorted(file.stem for file in GUIDES.glob("*.toml"))
PICTURES = sorted(file.name for file in GUIDES.glob("*.svg"))
WIRED = sorted(name.partition("-")[0] for name in PICTURES if name.endswith("-wiring.svg"))
SVG = "{http://www.w3.org/2000/svg}"
# The pins that a driver takes without a key for them, by the defaults of Raspberry Pi OS.
OF_BUSES = {"ds18b20": {4}, "sht4x": {2, 3}, "ld2410": {14, 15}}
# A row of a guide's table of figures, and the row of the page of the cover that has them.
FIGURES = {
    "legs uncovered for 30 min or longer: a first sign, without a sound": "1 caught by",
    "half of these signs come within": "2 to the first sign, median",
    "the same with a sound": "4 caught with",
    "half of these sounds come within": "5 to the sound, median",
    "false sounds on cold, a night": "6 false audible",
    "sounds while nobody is in bed, a night": "7 sounds in",
    "still for 4 h, told": "10 still for",
}
WIDTHS = {
    "ijl'": 0.22,
    "ft .,:;/I": 0.28,
    "r()-": 0.34,
    "cksvxyzJ": 0.5,
    "mM": 0.84,
    "wCDHNRU": 0.73,
    "GOQ": 0.78,
    "ABEKPSVXY": 0.67,
}


class Words(NamedTuple):
    """A text of a picture, with the box that it takes."""

    text: str
    left: float
    right: float
    top: float
    bottom: float


def picture(name: str) -> ET.Element:
    return ET.parse(GUIDES / name).getroot()


def wires(build: str) -> list[dict[str, str]]:
    """Return the attributes of each wire of a build's picture."""
    paths = picture(f"{build}-wiring.svg").iter(f"{SVG}path")
    return [path.attrib for path in paths if "data-pin" in path.attrib]


def words(name: str) -> Iterator[Words]:
    for text in picture(name).iter(f"{SVG}text"):
        said, size = text.text or "", float(text.attrib["font-size"])
        x, y = float(text.attrib["x"]), float(text.attrib["y"])
        broad = size * sum(map(width, said)) * (1.08 if "bold" in text.attrib["class"] else 1)
        before = {"start": 0.0, "middle": 0.5, "end": 1.0}[text.attrib.get("text-anchor", "start")]
        left = x - before * broad
        yield Words(said, left, left + broad, y - 0.7 * size, y + 0.2 * size)


def width(letter: str) -> float:
    """Return how wide a letter of Helvetica is, in parts of its size."""
    return next((wide for letters, wide in WIDTHS.items() if letter in letters), 0.56)


def guide(build: str) -> str:
    return (GUIDES / f"{build}.md").read_text(encoding="utf-8")


def tables(build: str) -> dict[str, Any]:
    return tomllib.loads((GUIDES / f"{build}.toml").read_text(encoding="utf-8"))


# ---- the pictures


def test_the_pictures_are_what_the_script_draws() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.draw_builds", "--check"],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_has_a_title_and_a_text_for_who_does_not_see_it(name: str) -> None:
    root = picture(name)
    assert root.attrib["role"] == "img"
    ids = {element.attrib.get("id"): element.text for element in root}
    named = [ids[name] for name in root.attrib["aria-labelledby"].split()]
    assert len(named) == 2
    assert all(named)
    assert "href" not in (GUIDES / name).read_text(encoding="utf-8")  # nothing is fetched


@pytest.mark.parametrize("name", PICTURES)
def test_no_text_lies_over_another_or_outside(name: str) -> None:
    _, _, broad, high = map(float, picture(name).attrib["viewBox"].split())
    found = list(words(name))
    assert len(found) > 10
    outside = [one.text for one in found if not (one.left >= 0 and one.right <= broad)]
    assert outside + [one.text for one in found if one.bottom > high] == []
    assert [
        (one.text, two.text)
        for one, two in combinations(found, 2)
        if one.left < two.right
        and two.left < one.right
        and one.top < two.bottom
        and two.top < one.bottom
    ] == []


def test_texts_can_be_read_by_day_and_by_night() -> None:
    style = picture("mission-wiring.svg").find(f"{SVG}style")
    assert style is not None
    day, night = (style.text or "").split("@media screen")
    for rules in (day, night):
        fills = dict(re.findall(r"\.([\w-]+)\{fill:(#\w{6})\}", rules))
        texts = [name for name in fills if name in {"ink", "pale"} or name.startswith("f-")]
        texts.remove("f-edge")  # lines only
        texts.remove("f-limb")
        for behind in ("page", "box", "soft"):
            for text in texts:
                assert contrast(fills[text], fills[behind]) >= 4.5, (text, behind)
        assert contrast(fills["onmark"], fills["mark"]) >= 4.5


def contrast(one: str, two: str) -> float:
    """Return the contrast ratio of two colours as WCAG defines it."""
    bright, dark = sorted((light(one), light(two)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def light(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# ---- the pins


@pytest.mark.parametrize("build", WIRED)
def test_each_pin_has_its_number_on_the_board(build: str) -> None:
    for revision in ("c03114", "a02082", "902120"):  # a Pi 4, a Pi 3, a Zero 2 W
        header = gpiozero.pi_info(revision).headers["J8"].pins
        assert {w["data-pin"]: header[int(w["data-pin"])].name for w in wires(build)} == {
            w["data-pin"]: w["data-name"] for w in wires(build)
        }


@pytest.mark.parametrize("build", WIRED)
def test_the_pins_in_the_picture_are_those_of_the_settings(build: str) -> None:
    used = {(name, table["driver"]) for name, table in sensors(build)}
    assert used
    wanted = [pin for _, driver in used for pin in OF_BUSES.get(driver, set())]
    wanted += [table[key] for _, table in sensors(build) for key in table if key.endswith("pin")]
    drawn = [w["data-name"] for w in wires(build) if w["data-name"].startswith("GPIO")]
    assert sorted(drawn) == sorted(f"GPIO{pin}" for pin in wanted)


def sensors(build: str) -> list[tuple[str, dict[str, Any]]]:
    every = tables(build)
    more = {key: table for key, table in every.items() if key in {"signal", "button"}}
    return list({**every["sensors"], **more}.items())


@pytest.mark.parametrize("build", WIRED)
def test_a_wire_begins_at_the_cell_of_its_pin(build: str) -> None:
    root = picture(f"{build}-wiring.svg")
    cells = {
        text.text: (float(text.attrib["x"]), float(text.attrib["y"]))
        for text in root.iter(f"{SVG}text")
        if (text.text or "").isdecimal()
        and text.attrib["font-size"] == "13"
        # a terminal may be named by a number, too; it has the colour of its wire
        and text.attrib["class"].startswith("ink")
    }
    assert sorted(map(int, filter(None, cells))) == list(range(1, 41))
    for wire in wires(build):
        found = re.match(r"M([\d.]+),([\d.]+) ", wire["d"])
        assert found is not None
        x, y = map(float, found.groups())
        number_x, number_y = cells[wire["data-pin"]]
        assert abs(y - number_y) < 10  # 26 are between two pins
        odd = int(wire["data-pin"]) % 2
        assert 60 < (number_x - x if odd else x - number_x) < 90  # the outer side of its own cell


@pytest.mark.parametrize("build", WIRED)
def test_no_two_wires_run_over_each_other(build: str) -> None:
    pieces = [(wire, piece) for wire in wires(build) for piece in straight(wire["d"])]
    assert [
        (one["data-pin"], two["data-pin"])
        for (one, a), (two, b) in combinations(pieces, 2)
        if one["data-pin"] != two["data-pin"] and overlap(a, b)
    ] == []


Piece = tuple[str, float, float, float]  # direction, where it is, from, to


def straight(steps: str) -> Iterator[Piece]:
    x = y = 0.0
    for step, first, second in re.findall(r"([MHV])([\d.]+)(?:,([\d.]+))?", steps):
        value = float(first)
        if step == "M":
            x, y = value, float(second)
        elif step == "H":
            yield "h", y, min(x, value), max(x, value)
            x = value
        else:
            yield "v", x, min(y, value), max(y, value)
            y = value


def overlap(one: Piece, two: Piece) -> bool:
    same = one[0] == two[0] and abs(one[1] - two[1]) < 3  # wires are 2.4 broad
    return same and one[2] < two[3] and two[2] < one[3]


@pytest.mark.parametrize("build", WIRED)
def test_the_table_of_a_guide_has_the_wires_of_its_picture(build: str) -> None:
    rows = re.findall(r"\| (\w+) \| ([^|]+) \| (3V3|5V|GND|GPIO \d+) \| (\d+)", guide(build))
    written = {(part, pin, name.replace(" ", "")) for part, _, name, pin in rows}
    drawn = {(w["data-part"], w["data-pin"], w["data-name"]) for w in wires(build)}
    assert written == drawn
    assert len(rows) == len(wires(build))


# ---- the settings


@pytest.mark.parametrize("build", BUILDS)
def test_the_settings_of_a_build_are_accepted(
    build: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = check_config.main([str(GUIDES / f"{build}.toml")])
    said = capsys.readouterr()
    assert code == 0, said.err
    assert "is watched for cold legs and lying still" in said.out


@pytest.mark.parametrize("build", BUILDS)
def test_a_guide_is_one_page_that_names_its_settings_and_pictures(build: str) -> None:
    text = guide(build)
    assert len(text.splitlines()) < 90
    assert f"cp deploy/guides/{build}.toml agent.toml" in text
    shown = re.findall(r'<img [^>]*src="([\w-]+\.svg)"', text)
    assert sorted(shown) == [name for name in PICTURES if name.startswith(f"{build}-")]
    assert "mains" in text or build not in WIRED


@pytest.mark.parametrize("build", BUILDS)
def test_a_guide_is_linked(build: str) -> None:
    assert f"](deploy/guides/{build}.md)" in (REPO / "README.md").read_text(encoding="utf-8")
    assert f"](guides/{build}.md)" in (REPO / "deploy/README.md").read_text(encoding="utf-8")


# ---- the figures


def worst(column: int) -> dict[str, float]:
    """Return the worse family's figures of one column of the page of the cover, by its rows."""
    page = (REPO / "lab/legwatch_lab/bench/cover.md").read_text(encoding="utf-8")
    part = page.partition("\n## legwatch\n")[2].partition("\n## ")[0]
    rows = [line.split(" | ") for line in part.splitlines() if line.startswith("| ")][1:]
    found = {}
    for row in rows:
        figure = re.search(r"\*\*\w+ ([\d.]+)", row[2 + column])
        if figure:
            found[row[0].removeprefix("| ")] = float(figure[1])
    return found


def figure(column: int, row: str) -> float:
    return next(value for name, value in worst(column).items() if name.startswith(row))


def test_the_figures_of_the_simple_build_are_those_of_the_page() -> None:
    for said, row in FIGURES.items():
        found = re.search(
            rf"^\| {said} \| ([\d.]+)[^|]* \| ([\d.]+)", guide("mission"), re.MULTILINE
        )
        assert found is not None, said
        assert [float(one) for one in found.groups()] == [figure(0, row), figure(1, row)], said


@pytest.mark.parametrize(("build", "column", "least"), [("recommended", 2, 7), ("no_pi", 1, 5)])
def test_the_figures_in_a_sentence_are_those_of_the_page(
    build: str, column: int, least: int
) -> None:
    text = guide(build).partition("\n## What it can tell\n")[2]
    told = [row for row in FIGURES.values() if re.search(rf"\b{figure(column, row):g}\b", text)]
    assert len(told) == least
