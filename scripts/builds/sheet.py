"""A sheet of SVG: lines, boxes and text, with colours for light, for dark and for paper."""

from collections.abc import Iterable
from html import escape

SMALL, PLAIN, LARGE = 13, 15, 17  # height of text; a phone shows a sheet at about 0.7 times
WIDTH = 520
_PAGE = "#ffffff"
# For each class of a line, a box or a text: its colour by day, and by night.
_STROKES = {
    "v33": ("#c02626", "#ff8f86"),
    "v5": ("#a34a00", "#ffb066"),
    "gnd": ("#3a4650", "#b9c4ce"),
    "data": ("#1559b3", "#86b8ff"),
    "edge": ("#71808d", "#8496a5"),
    "limb": ("#e6b79a", "#9c6f57"),
}
_FILLS = {
    "page": (_PAGE, "#12171c"),
    "box": ("#f1f4f7", "#1d252d"),
    "wood": ("#dcc7a8", "#5a4a35"),
    "soft": ("#e3e9ee", "#2c3740"),
    "cover": ("#a8c4e0", "#3d5a78"),
    "skin": ("#e6b79a", "#9c6f57"),
    "mark": ("#10202e", "#f2f6f9"),
}
_TEXTS = {"ink": ("#17212b", "#e9eef3"), "pale": ("#55626e", "#a3b0bc")}
_ON_MARK = ("#ffffff", "#10161b")


def _colours(night: int) -> str:
    rules = [f".{name}{{stroke:{pair[night]}}}" for name, pair in _STROKES.items()]
    rules += [f".{name}{{fill:{pair[night]}}}" for name, pair in _FILLS.items()]
    rules += [f".{name}{{fill:{pair[night]}}}" for name, pair in _TEXTS.items()]
    rules += [f".f-{name}{{fill:{pair[night]}}}" for name, pair in _STROKES.items()]
    rules.append(f".onmark{{fill:{_ON_MARK[night]}}}")
    return "".join(rules)


STYLE = (
    "text{font-family:Helvetica,Arial,'Liberation Sans',sans-serif}"
    ".wire{fill:none;stroke-width:2.4;stroke-linejoin:round}"
    ".line{fill:none;stroke-width:1.4}"
    ".limb{fill:none;stroke-linecap:round}"
    ".through{opacity:.6}"
    ".dashed{stroke-dasharray:5 4}"
    ".bold{font-weight:bold}"
    f"{_colours(0)}"
    f"@media screen and (prefers-color-scheme:dark){{{_colours(1)}}}"
)


class Sheet:
    """Collects the elements of one picture, from back to front."""

    def __init__(self, title: str, about: str) -> None:
        self._title, self._about = title, about
        self._elements: list[str] = []

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: int = PLAIN,
        style: str = "ink",
        anchor: str = "start",
    ) -> None:
        """Write one line; `y` is the line that the letters stand on."""
        at = f'x="{x:g}" y="{y:g}" font-size="{size}"'
        where = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._elements.append(f'<text class="{style}" {at}{where}>{escape(words)}</text>')

    def box(
        self, x: float, y: float, width: float, height: float, style: str, *, round_: float = 0
    ) -> None:
        """Draw a rectangle."""
        size = f'width="{width:g}" height="{height:g}"'
        corner = f' rx="{round_:g}"' if round_ else ""
        self._elements.append(f'<rect class="{style}" x="{x:g}" y="{y:g}" {size}{corner}/>')

    def path(self, steps: str, style: str, *, facts: Iterable[tuple[str, object]] = ()) -> None:
        """Draw a path; `facts` become attributes, for who reads the picture by program."""
        said = "".join(f' data-{key}="{escape(str(value))}"' for key, value in facts)
        self._elements.append(f'<path class="{style}" d="{steps}"{said}/>')

    def limb(self, steps: str, wide: float) -> None:
        """Draw a leg or a foot: a thick line with round ends."""
        self._elements.append(f'<path class="limb" stroke-width="{wide:g}" d="{steps}"/>')

    def shifted(self, steps: str, down: float, style: str) -> None:
        """Draw a path further down."""
        move = f' transform="translate(0 {down:g})"' if down else ""
        self._elements.append(f'<path class="{style}" d="{steps}"{move}/>')

    def dot(self, x: float, y: float, radius: float, style: str) -> None:
        """Draw a filled circle."""
        self._elements.append(f'<circle class="{style}" cx="{x:g}" cy="{y:g}" r="{radius:g}"/>')

    def oval(self, x: float, y: float, wide: float, high: float, style: str) -> None:
        """Draw an ellipse."""
        size = f'rx="{wide:g}" ry="{high:g}"'
        self._elements.append(f'<ellipse class="{style}" cx="{x:g}" cy="{y:g}" {size}/>')

    def mark(self, x: float, y: float, number: int) -> None:
        """Draw a number of the legend."""
        self.dot(x, y, 11, "mark")
        self.text(x, y + 5, str(number), size=14, style="onmark bold", anchor="middle")

    def svg(self, height: float) -> str:
        """Return the picture, of this height."""
        head = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" role="img"'
        return "\n".join(
            (
                f'<svg {head} aria-labelledby="title about">',
                f'<title id="title">{escape(self._title)}</title>',
                f'<desc id="about">{escape(self._about)}</desc>',
                f"<style>{STYLE}</style>",
                f'<rect class="page" width="{WIDTH}" height="{height:g}"/>',
                *self._elements,
                "</svg>\n",
            )
        )
