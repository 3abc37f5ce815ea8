"""The notes of a night's facts: the damp bed, and the room that is cold before bed."""

from collections.abc import Mapping

from legwatch.alerting.notice import Notice
from legwatch.events import FactKind
from legwatch.text.language import ENGLISH, Language, marked
from legwatch.text.sentence import FigureValue, OwnAndCarer, both
from legwatch.text.span import span

_TITLES: Mapping[FactKind, OwnAndCarer] = {
    FactKind.DAMP: (marked("Your bed was damp: {span}"), marked("The bed was damp: {span}")),
    FactKind.ROOM: both(marked("Cold before bed: {air}")),
}
_DAMP: OwnAndCarer = (
    marked(
        "The air in your bed was damp for {span} in this night. You probably sweated. Drink water,"
        " and electrolytes by day. A lighter cover may keep you drier."
    ),
    marked(
        "The air in the bed was damp for {span} in this night: somebody probably sweated there."
        " Offer water, and electrolytes by day. A lighter cover may help."
    ),
)
_ROOM: OwnAndCarer = (
    marked("The room is {air}. Warm it or take a warmer cover before you go to bed."),
    marked("The room is {air}. Warm it or offer a warmer cover before bedtime."),
)
_BED: OwnAndCarer = (
    marked("Your bed is {air}. Warm the room or take a warmer cover before you go to bed."),
    marked("The bed is {air}. Warm the room or offer a warmer cover before bedtime."),
)


def title(kind: FactKind, notice: Notice, words: Language = ENGLISH, *, carer: bool) -> str:
    """Return the first line of a note."""
    return _filled(_TITLES[kind][carer], dict(notice.figures), words)


def text(kind: FactKind, notice: Notice, words: Language = ENGLISH, *, carer: bool) -> str:
    """Return what a note says below its title."""
    figures = dict(notice.figures)
    if kind is FactKind.DAMP:
        return _filled(_DAMP[carer], figures, words)
    return _filled((_BED if "bed_c" in figures else _ROOM)[carer], figures, words)


def _filled(sentence: str, figures: dict[str, FigureValue], words: Language) -> str:
    _ = words.gettext
    minutes, celsius = figures.get("damp_min"), figures.get("bed_c", figures.get("room_c"))
    some = _(marked("some time"))
    lasted = span(minutes, words) if isinstance(minutes, float | int) else some
    unknown = _(marked("cooler than it should be"))
    air = f"{words.number(celsius)} °C" if isinstance(celsius, float | int) else unknown
    return _(sentence).format(span=lasted, air=air)
