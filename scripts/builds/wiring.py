"""Draw the header of the Pi with the parts beside it, each wire from its terminal to its pin."""

from collections.abc import Iterable, Iterator
from itertools import count
from typing import NamedTuple

from scripts.builds.build import NOTES, PARTS, Part, Wire, wires
from scripts.builds.header import Pin, pins
from scripts.builds.sheet import LARGE, SMALL, WIDTH, Sheet

PITCH = 26  # between two pins, and two terminals
CELL, PART = 86, 104  # widths
TOP = 74  # of the header
CLEAR, LANE = 20, 7  # from a part to its first lane, and between two lanes
HEAD = 2 * PITCH  # of a part: the lines with its names


class Run(NamedTuple):
    """A wire with the heights of its two ends."""

    wire: Wire
    pin_y: float
    end_y: float
    over: bool  # it starts at the other side of the header, and goes over the top


def draw(build: str, title: str) -> str:
    """Return the picture of the wiring of a build."""
    found = list(wires(build))
    said = "; ".join(f"{w.part} {w.terminal} to pin {w.pin.number} ({w.pin.name})" for w in found)
    sheet = Sheet(title, f"Each wire, from the part to the pin of the 40-pin header: {said}.")
    both = any(part.right for part in PARTS[build])
    left = (WIDTH - 2 * CELL) / 2 if both else WIDTH - 2 * CELL - 10
    sheet.text(10, 24, title, size=LARGE, style="ink bold")
    count_from = "Pin 1: at the end of the SD card, in the row away from the edge."
    sheet.text(10, 46, count_from, style="pale")
    _header(sheet, left, {wire.pin for wire in found})
    bottom = float(TOP + 20 * PITCH)
    for right in (False, True):
        parts = [part for part in PARTS[build] if part.right is right]
        bottom = max(bottom, _side(sheet, parts, found, left, right=right))
    for number, line in enumerate(NOTES[build]):
        sheet.text(10, bottom + 26 + 20 * number, line, style="pale")
    return sheet.svg(bottom + 20 + 20 * len(NOTES[build]))


def _header(sheet: Sheet, left: float, used: set[Pin]) -> None:
    for number, pin in pins().items():
        row, second = divmod(number - 1, 2)
        x, y = left + second * CELL, TOP + row * PITCH
        style = _style(pin) if pin in used else "pale"
        sheet.box(x + 1, y + 1, CELL - 2, PITCH - 2, "box edge", round_=3)
        inner, outer = ("end", "start") if not second else ("start", "end")
        middle = left + CELL + (8 if second else -8)
        edge = x + CELL - 6 if second else x + 6
        weight = " bold" if pin in used else ""
        colour = f"f-{style}" if pin in used else style
        sheet.text(middle, y + 18, str(number), size=SMALL, style=f"ink{weight}", anchor=inner)
        name = pin.name.replace("GPIO", "GPIO ")
        sheet.text(edge, y + 18, name, size=SMALL, style=f"{colour}{weight}", anchor=outer)


def _style(pin: Pin) -> str:
    return {"3V3": "v33", "5V": "v5", "GND": "gnd"}.get(pin.name, "data")


def _side(sheet: Sheet, parts: list[Part], found: list[Wire], left: float, *, right: bool) -> float:
    """Draw the parts of one side with their wires; return where they end."""
    edge = WIDTH - 8 - PART if right else 8 + PART
    pins_x = left + 2 * CELL - 1 if right else left + 1
    far_x = left + 1 if right else left + 2 * CELL - 1
    out = -1 if right else 1  # from the part to the header
    y, runs = float(TOP), list[Run]()
    for part in parts:
        own = [wire for wire in found if wire.part == part.role]
        height = HEAD + PITCH * len(own)
        _part(sheet, part, edge - (0 if right else PART), y, height)
        for number, wire in enumerate(own):
            end_y = y + HEAD + PITCH * number
            runs.append(Run(wire, _pin_y(wire.pin), end_y, _is_right(wire.pin) is not right))
        y += height
    lanes = _lanes(runs)
    for run in runs:
        lane = edge + out * (CLEAR + LANE * lanes[run.wire])
        _wire(sheet, run, (edge, lane, far_x if run.over else pins_x), out)
    _joints(sheet, runs, lanes, edge, out)
    for part in parts:
        if part.resistor:
            first = next(run for run in runs if run.wire.part == part.role)
            _resistor(sheet, edge + out * 12, first.end_y)
    for part in parts:
        _names(sheet, part, edge, runs, right=right)
    return y


def _is_right(pin: Pin) -> bool:
    return pin.number % 2 == 0


def _pin_y(pin: Pin) -> float:
    return TOP + (pin.number - 1) // 2 * PITCH + PITCH / 2


def _part(sheet: Sheet, part: Part, x: float, y: float, height: float) -> None:
    sheet.box(x, y, PART, height - 8, "box edge", round_=6)
    sheet.text(x + PART / 2, y + 19, part.role, style="ink bold", anchor="middle")
    sheet.text(x + PART / 2, y + 36, part.kind, size=SMALL, style="pale", anchor="middle")


def _names(sheet: Sheet, part: Part, edge: float, runs: Iterable[Run], *, right: bool) -> None:
    own = [run for run in runs if run.wire.part == part.role]
    anchor, x = ("start", edge + 8) if right else ("end", edge - 8)
    for run in own:
        style = f"f-{run.wire.style}"
        sheet.text(x, run.end_y + 5, run.wire.terminal, size=SMALL, style=style, anchor=anchor)
    if part.resistor:
        far = "end" if right else "start"
        middle = own[0].end_y + PITCH / 2 + 5
        at = edge + PART - 8 if right else edge - PART + 8
        sheet.text(at, middle, part.resistor, size=SMALL, style="ink", anchor=far)


def _resistor(sheet: Sheet, x: float, y: float) -> None:
    sheet.path(f"M{x:g},{y:g} V{y + PITCH:g}", "line edge")
    sheet.box(x - 5, y + 5, 10, PITCH - 10, "page edge")
    for end in (y, y + PITCH):
        sheet.dot(x, end, 3.2, "mark")


def _wire(sheet: Sheet, run: Run, places: tuple[float, float, float], out: int) -> None:
    """Draw a wire by the places of its part, its lane and its pin."""
    wire, (edge, lane, pin_x) = run.wire, places
    steps = f"M{pin_x:g},{run.pin_y:g} "
    if run.over:
        around = pin_x + 8 * out
        steps += f"H{around:g} V{TOP - 9:g} "
        sheet.dot(around, run.pin_y, 4, f"f-{wire.style}")
    steps += f"H{lane:g} V{run.end_y:g} H{edge:g}"
    facts = (
        ("part", wire.part),
        ("terminal", wire.terminal),
        ("pin", wire.pin.number),
        ("name", wire.pin.name),
    )
    sheet.path(steps, f"wire {wire.style}", facts=facts)


def _lanes(runs: list[Run]) -> dict[Wire, int]:
    """Return the lane of each wire, 0 beside the parts; no two overlap in one lane.

    Of those that go up the lower ones are nearer to the parts, of the others the upper ones: then
    they cross least.
    """
    lanes: dict[Wire, int] = {}
    for run in sorted(runs, key=lambda r: -r.pin_y if r.pin_y > r.end_y else r.pin_y):
        taken = {lanes[other.wire] for other in runs if other.wire in lanes and _touch(run, other)}
        lanes[run.wire] = next(lane for lane in count() if lane not in taken)
    return lanes


def _touch(one: Run, two: Run) -> bool:
    """Return if two wires would overlap, or nearly so, in one lane."""
    (top, bottom), (other_top, other_bottom) = _span(one), _span(two)
    return top <= other_bottom + 6 and other_top <= bottom + 6


def _span(run: Run) -> tuple[float, float]:
    start = TOP - 9.0 if run.over else run.pin_y
    return min(start, run.end_y), max(start, run.end_y)


def _joints(sheet: Sheet, runs: list[Run], lanes: dict[Wire, int], edge: float, out: int) -> None:
    """Mark where a second wire leaves the first one of the same pin."""
    for pin, run in _shared(runs):
        lane = max(lanes[one.wire] for one in run)
        sheet.dot(edge + out * (CLEAR + LANE * lane), _pin_y(pin), 4, f"f-{run[0].wire.style}")


def _shared(runs: list[Run]) -> Iterator[tuple[Pin, list[Run]]]:
    for pin in dict.fromkeys(run.wire.pin for run in runs if not run.over):
        same = [run for run in runs if run.wire.pin == pin and not run.over]
        if len(same) > 1:
            yield pin, same
