"""Draw a bed from above and from the side, with the parts of a build and their legend."""

from typing import NamedTuple

from scripts.builds.places import PLACES, Place, Point
from scripts.builds.sheet import LARGE, SMALL, Sheet

SIDE = 352  # where the view from the side begins
LEGEND = SIDE + 250
LINE = 19  # height of a line of the legend
ROUND = 11  # radius of a number


class Spot(NamedTuple):
    """A part in one of the two views."""

    at: Point
    mark: Point
    cable: str
    size: Point
    under: bool = False


def draw(build: str, title: str) -> str:
    """Return the picture of the bed of a build."""
    places = PLACES[build]
    said = " ".join(f"{n}: {' '.join(place.says)}" for n, place in enumerate(places, start=1))
    sheet = Sheet(title, f"A bed from above and from the side, its head on the left. {said}")
    sheet.text(10, 24, title, size=LARGE, style="ink bold")
    sheet.text(10, 52, "From above", style="pale")
    _from_above(sheet)
    for place in places:
        if place.far:
            x, y = place.above
            sheet.path(f"M{x:g},240 V{y - 7:g}", "line edge dashed")
            sheet.text(x + 8, (238 + y) / 2 + 10, place.far, size=SMALL, style="pale")
    _put(sheet, [Spot(p.above, p.mark_above, p.cable_above, p.size, p.under) for p in places], 0)
    sheet.text(10, SIDE + 6, "From the side", style="pale")
    _from_the_side(sheet, SIDE)
    _put(sheet, [_from_its_side(place) for place in places], SIDE)
    return sheet.svg(_legend(sheet, places))


def _from_its_side(place: Place) -> Spot:
    wide, high = place.size
    size = (wide, 6.0) if place.under else (wide, high)
    return Spot(place.side, place.mark_side, place.cable_side, size)


def _from_above(sheet: Sheet) -> None:
    sheet.box(34, 62, 372, 176, "wood edge", round_=4)
    sheet.box(40, 68, 360, 164, "soft edge", round_=8)
    sheet.box(48, 100, 62, 100, "page edge", round_=10)
    sheet.oval(165, 150, 62, 36, "skin")
    for hip, heel in ((136, 124), (164, 176)):
        sheet.limb(f"M205,{hip} L352,{heel}", 22)
    sheet.dot(90, 150, 20, "skin")
    sheet.box(140, 64, 270, 172, "cover through", round_=8)


def _from_the_side(sheet: Sheet, y: float) -> None:
    sheet.path(f"M6,{y + 226:g} H514", "line edge")
    for leg in (46, 384):
        sheet.box(leg, y + 168, 12, 58, "wood edge")
    sheet.box(34, y + 168, 372, 12, "wood edge", round_=2)
    sheet.box(40, y + 132, 360, 36, "soft edge", round_=8)
    sheet.box(48, y + 118, 62, 15, "page edge", round_=7)
    sheet.oval(165, y + 114, 62, 18, "skin")
    sheet.limb(f"M215,{y + 114:g} L350,{y + 112:g}", 18)
    sheet.limb(f"M354,{y + 112:g} L358,{y + 96:g}", 12)
    sheet.dot(92, y + 104, 17, "skin")
    over = f"M136,{y + 132:g} Q140,{y + 92:g} 175,{y + 92:g} L330,{y + 92:g}"
    foot = f"Q362,{y + 72:g} 376,{y + 96:g} L406,{y + 150:g} L398,{y + 150:g} L392,{y + 132:g} Z"
    sheet.path(f"{over} {foot}", "cover through")


def _put(sheet: Sheet, spots: list[Spot], down: float) -> None:
    """Draw cables, then parts, then numbers; `down` is where the view begins."""
    for spot in spots:
        if spot.cable:
            sheet.shifted(spot.cable, down, "wire data")
    for (x, y), _, _, (wide, high), under in spots:
        style = "line edge dashed" if under else "page edge"
        sheet.box(x - wide / 2, y + down - high / 2, wide, high, style, round_=3)
    for number, ((x, y), (right, low), *_) in enumerate(spots, start=1):
        sheet.path(f"M{x:g},{y + down:g} l{right:g},{low:g}", "line edge")
        sheet.mark(x + right, y + low + down, number)


def _legend(sheet: Sheet, places: tuple[Place, ...]) -> float:
    y = float(LEGEND)
    for number, place in enumerate(places, start=1):
        sheet.mark(10 + ROUND, y + 12, number)
        for line in place.says:
            sheet.text(42, y + 9, line)
            y += LINE
        y += 8
    return y
