"""Titles and texts about a foot that is bare alone, as a thermometer by the ankle shows it."""

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.verdict import Reason
from legwatch.contract.roles import ANKLE
from legwatch.text.language import Language, marked
from legwatch.text.sentence import FigureValue, OwnAndCarer, both
from legwatch.text.span import span

OF_FOOT = (Reason.FOOT_BARE, Reason.FOOT_WARM, Reason.FOOT_COVERED)
WARM_C = 28.0  # from here on nobody doubts that it is warm by the legs
_ENDS = (Reason.FOOT_WARM, Reason.FOOT_COVERED)
_BARE: OwnAndCarer = (marked("Your foot is probably bare"), marked("A foot is probably bare"))
_SIGN = both(marked("A foot may be bare, or nobody lies there"))
_WARM: OwnAndCarer = (marked("Warm again by your foot"), marked("Warm again by the foot"))
_WARMER: OwnAndCarer = (
    marked("It is warmer by your foot"),
    marked("It is warmer by the foot"),
)
_FALLEN: OwnAndCarer = (
    marked("The air by your ankle has fallen from {high} to {ankle} in {span}."),
    marked("The air by the ankle has fallen from {high} to {ankle} in {span}."),
)
_IN_BED: OwnAndCarer = (
    marked("It has become cold by your ankle and not by your legs."),
    marked("It has become cold by the ankle and not by the legs, in this bed."),
)
_COVER: OwnAndCarer = (
    marked("It is still warm by your legs. Cover your foot, or put on warm socks."),
    marked("It is still warm by the legs. Cover the foot, or offer warm socks."),
)
_COVER_ONLY: OwnAndCarer = (
    marked("Cover your foot, or put on warm socks."),
    marked("Cover the foot, or offer warm socks."),
)
_AGAIN: OwnAndCarer = (
    marked("The air by your ankle is {ankle} again."),
    marked("The air by the ankle is {ankle} again."),
)
_RISEN: OwnAndCarer = (
    marked("The air by your ankle has risen to {ankle}; the foot seems to be covered."),
    marked("The air by the ankle has risen to {ankle}; the foot seems to be covered."),
)
_OVER: OwnAndCarer = (
    marked("The warning about your foot is over."),
    marked("The warning about the foot is over."),
)


def is_about(notice: Notice) -> bool:
    """Return True if a notice is about a foot; after a time of quiet only its sensor says so."""
    by_ankle = dict(notice.figures).get("sensor") == ANKLE
    return notice.reason in OF_FOOT or (notice.reason is Reason.SNOOZE_OVER and by_ankle)


def title(notice: Notice, words: Language, *, carer: bool) -> str:
    """Return the first line of a push."""
    if notice.reason in _ENDS:
        return words.gettext((_WARM if notice.reason is Reason.FOOT_WARM else _WARMER)[carer])
    sign = notice.transition is TransitionKind.EXPECTED
    return words.gettext((_SIGN if sign else _BARE)[carer])


def text(figures: dict[str, FigureValue], reason: Reason, words: Language, *, carer: bool) -> str:
    """Return the text of a push below its title."""
    _, ankle_c, high_c = words.gettext, figures.get("ankle_c"), figures.get("ankle_high_c")
    fell_min = figures.get("ankle_fell_min")
    if not isinstance(ankle_c, float):
        return _(_OVER[carer]) if reason in _ENDS else _cover(_IN_BED, words, carer=carer)
    ankle = f"{words.number(ankle_c)} °C"
    if reason in _ENDS:
        return _((_AGAIN if reason is Reason.FOOT_WARM else _RISEN)[carer]).format(ankle=ankle)
    if not isinstance(high_c, float) or not isinstance(fell_min, float | int):
        return _cover(_IN_BED, words, carer=carer)
    high, lasted = f"{words.number(high_c)} °C", span(fell_min, words)
    fallen = _(_FALLEN[carer]).format(high=high, ankle=ankle, span=lasted)
    leg_c = figures.get("leg_c")
    warm = isinstance(leg_c, float) and leg_c >= WARM_C
    return f"{fallen} {_((_COVER if warm else _COVER_ONLY)[carer])}"


def _cover(why: OwnAndCarer, words: Language, *, carer: bool) -> str:
    return f"{words.gettext(why[carer])} {words.gettext(_COVER[carer])}"
