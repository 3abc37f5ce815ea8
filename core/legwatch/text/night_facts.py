"""The notes of a night's facts: a damp bed, a room that is cold before bed, and an empty bed."""

from collections.abc import Mapping

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.out import MAT
from legwatch.events import FactKind
from legwatch.text.language import ENGLISH, Language, marked
from legwatch.text.sentence import FigureValue, OwnAndCarer, both
from legwatch.text.span import span

_TITLES: Mapping[FactKind, OwnAndCarer] = {
    FactKind.DAMP: (marked("Your bed was damp: {span}"), marked("The bed was damp: {span}")),
    FactKind.ROOM: both(marked("Cold before bed: {air}")),
    FactKind.OUT: both(marked("Out of bed: {span}")),
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
_BACK = marked("Back in bed")
# By (what says so, whether the sleeper is back).
_OUT: Mapping[tuple[bool, bool], str] = {
    (True, False): marked(
        "The bed has been empty for {span}, as the bed occupancy sensor tells."
        " Look whether help is needed."
    ),
    (False, False): marked(
        "The bed has been empty for {span}, as far as air and movement tell."
        " Look whether help is needed."
    ),
    (True, True): marked("Somebody is in the bed again, as the bed occupancy sensor tells."),
    (False, True): marked("Somebody is in the bed again, as far as air and movement tell."),
}


def title(kind: FactKind, notice: Notice, words: Language = ENGLISH, *, carer: bool) -> str:
    """Return the first line of a note."""
    if notice.transition is TransitionKind.RESOLVED:
        return words.gettext(_BACK)
    return _filled(_TITLES[kind][carer], dict(notice.figures), words)


def text(kind: FactKind, notice: Notice, words: Language = ENGLISH, *, carer: bool) -> str:
    """Return what a note says below its title."""
    figures = dict(notice.figures)
    if kind is FactKind.DAMP:
        return _filled(_DAMP[carer], figures, words)
    if kind is FactKind.OUT:
        is_back = notice.transition is TransitionKind.RESOLVED
        return _filled(_OUT[figures.get("seen_by") == MAT, is_back], figures, words)
    return _filled((_BED if "bed_c" in figures else _ROOM)[carer], figures, words)


def _filled(sentence: str, figures: dict[str, FigureValue], words: Language) -> str:
    _ = words.gettext
    minutes = figures.get("out_min", figures.get("damp_min"))
    celsius = figures.get("bed_c", figures.get("room_c"))
    some = _(marked("some time"))
    lasted = span(minutes, words) if isinstance(minutes, float | int) else some
    unknown = _(marked("cooler than it should be"))
    air = f"{words.number(celsius)} °C" if isinstance(celsius, float | int) else unknown
    return _(sentence).format(span=lasted, air=air)
