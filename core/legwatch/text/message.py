"""Titles and texts of notifications, for somebody half asleep.

A text says what is wrong, since when, the figures, and what to do. The sensors measure air, so a
text says "the air by your legs" and nothing about skin or body. Every sentence has two forms: one
for the sleeper, and one for a carer, who reads the text in another room.
"""

from collections.abc import Mapping
from dataclasses import replace

from legwatch.alerting.notice import MAY_SOUND, Notice, TransitionKind
from legwatch.alerting.trial_nights import NO_KIND, URGENT_OF
from legwatch.alerting.unwatched import QUIET_LEFT
from legwatch.conditions.verdict import Reason, Severity
from legwatch.events import AlertKind, FactKind, NoticeKind
from legwatch.text import foot, night_facts
from legwatch.text.faults import CHECK, OF_SENSOR, fault, sensors
from legwatch.text.language import ENGLISH, Language, marked
from legwatch.text.reports import report
from legwatch.text.sentence import FigureValue, OwnAndCarer, both
from legwatch.text.span import span

_TITLES: Mapping[AlertKind, OwnAndCarer] = {
    AlertKind.COLD: (marked("Your legs may be cold"), marked("Legs may be cold")),
    AlertKind.STILL: (
        marked("You have lain still for a long time"),
        marked("Not turned over for a long time"),
    ),
    AlertKind.SENSOR: (
        marked("I cannot see you: a sensor is not working"),
        marked("I cannot see the bed: a sensor is not working"),
    ),
    AlertKind.AGENT: (
        marked("I cannot see you: no word from the bedside"),
        marked("I cannot see the bed: no word from the bedside"),
    ),
}
_CALM: Mapping[NoticeKind, OwnAndCarer] = {
    AlertKind.COLD: (marked("Warm again by your legs"), marked("Warm again by the legs")),
    AlertKind.STILL: (marked("You have moved"), marked("A movement was seen")),
    AlertKind.SENSOR: both(marked("The sensors are back")),
    AlertKind.AGENT: both(marked("The bedside is back")),
}
_ROOM_WARM, _OVER = marked("The room is warm"), marked("The warning is over")
_OUT = marked("Out of bed")
_LOST = (marked("I cannot see you any more"), marked("I cannot see the bed any more"))
_SEEN, _QUIET = marked("Seen"), marked("Quiet for a while")
_QUIET_MIN = marked("Quiet for {minutes} min")
_URGENT_STILL = marked("Urgent alerts still sound.")
_COLD_STILL = marked("Of cold and lying still only urgent cold sounds in the first nights.")
_NONE_SOUNDS = marked(
    "In the first nights alerts on cold and lying still make no sound, urgent or not."
)
_QUIET_FOR = marked("Quiet for a while, for this kind of alert only.")
_URGENT = marked("Urgent: {title}")
_WHY: Mapping[Reason, OwnAndCarer] = {
    Reason.UNCOVERED: both(marked("The cover may be off.")),
    Reason.COOLED: both(marked("It has cooled slowly.")),
    Reason.COLD_START: both(marked("The bed has not warmed up.")),
    Reason.COLD_ROOM: both(marked("The room is cold.")),
    Reason.DRAUGHT: both(marked("A draught on them is possible.")),
    Reason.COLD_AND_STILL: (marked("You have not moved for it."), marked("No movement for it.")),
    Reason.NOT_ANSWERED: both(marked("Nobody has answered yet.")),
    Reason.COLD_AGAIN: both(marked("It was getting warm, and is cold again.")),
}
LEAST_FALL_C = 1.0  # of less, a text says how cold it is, not how far it fell
_LEG_UNKNOWN = marked("How warm it is by the legs is not known.")
_COLD_ROOM = marked("The room is cold ({room}).")
_COVER = (marked("Cover your legs."), marked("Cover the legs."))
_DO: Mapping[Reason, OwnAndCarer] = {
    Reason.COLD_START: both(marked("Put on socks or warm the bed.")),
    Reason.COLD_ROOM: (
        marked("Cover your legs, put on socks."),
        marked("Cover the legs, offer socks."),
    ),
    Reason.DRAUGHT: (
        marked("Cover your legs and turn the fan or air conditioner away."),
        marked("Cover the legs and turn the fan or air conditioner away."),
    ),
}
_CHECK_NETWORK = marked("While it is away I cannot warn anybody. Check its network and its power.")
_FLAPS_SO = marked("The bedside comes and goes.")
_FLAPS = marked("The bedside comes and goes: {minutes} of the last 30 min are known.")
_SILENT = marked("No word from the bedside for {span}.")
_NEVER = marked(
    "No word has come from the bedside yet, for {span} now. Check that it is on, and the bed's name"
    " in its settings."
)
_NO_BROKER = marked(
    "The server has no connection to its broker. Please see that the broker is on, such as with"
    " `systemctl status mosquitto`. If no word comes after that, check the plug of the bedside."
)
_STILL: OwnAndCarer = (
    marked("You have not changed position for {span}. Turn over, bend and stretch your legs."),
    marked("No change of position for {span}. Help to turn, if that suits the care plan."),
)
_OR_DEAD = marked("Or the movement sensor does not work: it has seen nothing of any size.")
_UNSURE: OwnAndCarer = (
    marked("The bed may be empty, or you lie uncovered and still."),
    marked("The bed may be empty, or the sleeper lies uncovered and still."),
)
_NO_WORD = marked("No word from the bedside.")
_BLIND: OwnAndCarer = (
    marked("The thermometer by your legs gives no readings that can be used."),
    marked("The thermometer by the legs gives no readings that can be used."),
)
_OPEN = (
    marked("I do not know whether the last warning still holds. Please check for yourself."),
    marked("I do not know whether the last warning still holds. Please look at the bed."),
)
_COLD: Mapping[tuple[bool, bool], OwnAndCarer] = {  # (the duration is known, the baseline is known)
    (False, False): (
        marked("The air by your legs is {leg}."),
        marked("The air by the legs is {leg}."),
    ),
    (True, False): (
        marked("The air by your legs is {leg}, cold for {span}."),
        marked("The air by the legs is {leg}, cold for {span}."),
    ),
    (False, True): (
        marked("The air by your legs is {leg} (before: {usual})."),
        marked("The air by the legs is {leg} (before: {usual})."),
    ),
    (True, True): (
        marked("The air by your legs is {leg}, cold for {span} (before: {usual})."),
        marked("The air by the legs is {leg}, cold for {span} (before: {usual})."),
    ),
}
_EXPECTED = both(marked("The cover may be off, or nobody lies there"))
_FALLEN = (
    marked("The air by your legs has fallen from {high} to {leg} in {span}."),
    marked("The air by the legs has fallen from {high} to {leg} in {span}."),
)
_AT_THIS_PACE = marked("At this pace it is cold in about {span}.")
_WARMS = (marked("It is getting warm by your legs"), marked("It is getting warm by the legs"))
_RISES = (
    marked("The air by your legs is {leg} and rises. While it does, I tell nobody else."),
    marked("The air by the legs is {leg} and rises. While it does, I tell nobody else."),
)
_WARMER = (marked("It is warmer by your legs"), marked("It is warmer by the legs"))
_RISEN = (
    marked("The air by your legs has risen to {leg}; the cover seems to be back."),
    marked("The air by the legs has risen to {leg}; the cover seems to be back."),
)
_NOT_EXPECTED = (
    marked("The bed is not expected any more"),
    marked("The settings no longer name it, and no word had ever come from it."),
)
_NOT_WATCHED = (
    marked("The bed is not watched any more"),
    marked("Somebody has paused it or taken it out of use. Nothing more is told of it."),
)
_QUIET_ENDED = marked("The quiet that somebody had asked for has ended with it.")
_AGAIN = (
    marked("The air by your legs is {leg} again."),
    marked("The air by the legs is {leg} again."),
)


def title(notice: Notice, words: Language = ENGLISH, *, carer: bool = False) -> str:
    """Return the first line of a push."""
    if isinstance(notice.kind, FactKind):
        return night_facts.title(notice.kind, notice, words, carer=carer)
    _ = words.gettext
    match notice.transition:
        case _ if foot.is_about(notice):
            return foot.title(notice, words, carer=carer)
        case TransitionKind.RESOLVED:
            if (
                notice.kind in (AlertKind.COLD, AlertKind.STILL)
                and notice.reason is Reason.LEFT_BED
            ):
                return _(_OUT)
            if notice.reason is Reason.NOT_EXPECTED:
                return _(_NOT_EXPECTED[0])
            if notice.reason is Reason.NOT_WATCHED:
                return _(_NOT_WATCHED[0])
            return _(_calm(notice)[carer])
        case TransitionKind.UNKNOWN:
            return _(_LOST[carer])
        case TransitionKind.WARMING:
            return _(_WARMS[carer])
        case TransitionKind.ACKNOWLEDGED:
            return _(_SEEN)
        case TransitionKind.SNOOZED:
            return _(_QUIET)
        case TransitionKind.EXPECTED:
            return _(_EXPECTED[carer])
        case TransitionKind.REPORTED:
            return _(report(notice)[0])
        case _:
            heading = _(_TITLES[notice.kind][carer])
            urgent = notice.severity is Severity.URGENT
            return _(_URGENT).format(title=heading) if urgent else heading


def text(notice: Notice, words: Language = ENGLISH, *, carer: bool = False) -> str:
    """Return the text of a push below its title."""
    if isinstance(notice.kind, FactKind):
        return night_facts.text(notice.kind, notice, words, carer=carer)
    _, figures = words.gettext, dict(notice.figures)
    match notice.transition:
        case _ if foot.is_about(notice):
            return foot.text(figures, notice.reason, words, carer=carer)
        case TransitionKind.RESOLVED:
            return _resolved(notice, figures, words, carer=carer)
        case TransitionKind.UNKNOWN:
            return f"{_lost(notice.reason, words, carer=carer)} {_(_OPEN[carer])}"
        case TransitionKind.WARMING:
            if figures.get("leg_c") is None:
                return _(_LEG_UNKNOWN)
            return _(_RISES[carer]).format(leg=_degrees(figures["leg_c"], words))
        case TransitionKind.ACKNOWLEDGED:
            return _(marked("Somebody has seen it; quiet until it is over."))
        case TransitionKind.SNOOZED if notice.reason is Reason.WARNINGS_ONLY:
            minutes, still = figures.get("for_min"), still_sounds(notice, words)
            span = _(_QUIET) if minutes is None else _(_QUIET_MIN).format(minutes=minutes)
            return f"{span}. {still}"
        case TransitionKind.SNOOZED:
            sentence = _(marked("Quiet for {minutes} min, for this kind of alert only."))
            minutes = figures.get("for_min")
            return _(_QUIET_FOR) if minutes is None else sentence.format(minutes=minutes)
        case TransitionKind.EXPECTED:
            return _expected(figures, words, carer=carer)
        case TransitionKind.REPORTED:
            lasted, sensor = _span(figures.get("for_min"), words), sensors(figures, words)
            bed = figures.get("bed") or "?"
            alert = _(_TITLES[notice.kind][carer])
            return _(report(notice)[1]).format(span=lasted, sensor=sensor, bed=bed, alert=alert)
    match notice.kind:
        case AlertKind.COLD:
            return _cold(notice.reason, figures, words, carer=carer)
        case AlertKind.STILL:
            still = _(_STILL[carer]).format(span=_span(figures.get("still_min"), words))
            return f"{still} {_(_OR_DEAD)}" if notice.reason is Reason.MOVEMENT_QUIET else still
        case AlertKind.SENSOR:
            wrong, todo = fault(notice.reason, figures)
            lasted, sensor = _span(figures.get("for_min"), words), sensors(figures, words)
            return f"{_(wrong[carer]).format(span=lasted, sensor=sensor)} {_(todo[carer])}"
        case AlertKind.AGENT if notice.reason is Reason.COMES_AND_GOES:
            minutes = figures.get("known_min")
            flaps = _(_FLAPS).format(minutes=minutes) if minutes is not None else _(_FLAPS_SO)
            return f"{flaps} {_(_CHECK_NETWORK)}"
        case AlertKind.AGENT:
            sentence = _NEVER if notice.reason is Reason.NEVER_HEARD else _SILENT
            silent = _(sentence).format(span=_span(figures.get("silent_min"), words))
            no_broker = notice.reason is Reason.NO_BROKER
            return f"{silent} {_(_NO_BROKER if no_broker else CHECK[carer])}"


def still_sounds(notice: Notice, words: Language = ENGLISH) -> str:
    """Return what sounds though somebody asked for quiet for warnings."""
    kind = dict(notice.figures).get(URGENT_OF)
    if kind is None:
        return words.gettext(_URGENT_STILL)
    return words.gettext(_NONE_SOUNDS if kind == NO_KIND else _COLD_STILL)


def of_no_broker(notice: Notice) -> Notice:
    """Return an alert that no word comes with the server's own broker as its cause.

    Then no bedside is at fault. Any other notice is returned as it is.
    """
    silent = notice.reason is Reason.AGENT_SILENT and notice.transition in MAY_SOUND
    return replace(notice, reason=Reason.NO_BROKER) if silent else notice


def _calm(notice: Notice) -> OwnAndCarer:
    """Return the title of an end; it says "warm by your legs" only if that was measured."""
    if notice.kind is AlertKind.COLD and notice.reason is Reason.WARM_ROOM:
        return both(_ROOM_WARM)
    if notice.kind is AlertKind.COLD and dict(notice.figures).get("leg_c") is None:
        return both(_OVER)
    if notice.kind is AlertKind.COLD and notice.reason is Reason.WARMING:
        return _WARMER
    return _CALM[notice.kind]


def _expected(figures: dict[str, FigureValue], words: Language, *, carer: bool) -> str:
    _, parts = words.gettext, [_air(figures, words, carer=carer)]
    if figures.get("in_min") is not None:
        parts.append(_(_AT_THIS_PACE).format(span=_span(figures["in_min"], words)))
    return " ".join((*parts, _(_COVER[carer])))


def _air(figures: dict[str, FigureValue], words: Language, *, carer: bool) -> str:
    """Say what was seen: how far the air has fallen, or how long it has been cold."""
    _, leg_c, high_c = words.gettext, figures.get("leg_c"), figures.get("high_c")
    if leg_c is None:
        return _(_LEG_UNKNOWN)
    leg = _degrees(leg_c, words)
    if isinstance(high_c, float) and isinstance(leg_c, float) and high_c - leg_c >= LEAST_FALL_C:
        lasted = _span(figures.get("fell_min"), words)
        return _(_FALLEN[carer]).format(leg=leg, high=_degrees(high_c, words), span=lasted)
    usual, lasted = _usual(figures, words), _span(figures.get("for_min"), words)
    sentence = _(_COLD[bool(figures.get("for_min")), usual is not None][carer])
    return sentence.format(leg=leg, span=lasted, usual=usual)


def _cold(reason: Reason, figures: dict[str, FigureValue], words: Language, *, carer: bool) -> str:
    _ = words.gettext
    parts = [_air(figures, words, carer=carer)]
    room_c = figures.get("room_c")
    if room_c is None:
        parts.append(_(marked("No room sensor to compare with.")))
    if reason is Reason.COLD_ROOM and room_c is not None:
        parts.append(_(_COLD_ROOM).format(room=_degrees(room_c, words)))
    elif reason in _WHY:
        parts.append(_(_WHY[reason][carer]))
    if reason is Reason.COLD_AND_STILL and figures.get("still_min") is not None:
        still = _(marked("No change of position for {span}."))
        parts.append(still.format(span=_span(figures["still_min"], words)))
    parts.append(_(_DO.get(reason, _COVER)[carer]))
    return " ".join(parts)


def _usual(figures: dict[str, FigureValue], words: Language) -> str | None:
    """Return the baseline as text: a range if its ends differ; None if unknown."""
    low, high = figures.get("usual_low_c"), figures.get("usual_high_c")
    if isinstance(low, float) and isinstance(high, float) and round(low) != round(high):
        return f"{low:.0f}-{high:.0f} °C"
    return None if figures.get("usual_c") is None else _degrees(figures["usual_c"], words)


def _resolved(
    notice: Notice, figures: dict[str, FigureValue], words: Language, *, carer: bool
) -> str:
    _ = words.gettext
    if notice.reason is Reason.LEFT_BED:
        return _(marked("The bed is empty; the warning is over."))
    if notice.reason is Reason.NOT_EXPECTED:
        return _(_NOT_EXPECTED[1])
    if notice.reason is Reason.NOT_WATCHED:
        ended = QUIET_LEFT in figures
        return f"{_(_NOT_WATCHED[1])} {_(_QUIET_ENDED)}" if ended else _(_NOT_WATCHED[1])
    if notice.kind is AlertKind.COLD:
        if notice.reason is Reason.WARM_ROOM:
            if figures.get("room_c") is None:
                return _(marked("The room is warm; the warning is over."))
            warm = _(marked("The room is warm ({room}); the warning is over."))
            return warm.format(room=_degrees(figures.get("room_c"), words))
        if figures.get("leg_c") is None:
            return _(_LEG_UNKNOWN)
        again = _RISEN if notice.reason is Reason.WARMING else _AGAIN
        return _(again[carer]).format(leg=_degrees(figures["leg_c"], words))
    if notice.kind is AlertKind.STILL:
        return _(marked("A change of position was seen."))
    return _(marked("I can see you again.")) if not carer else _(marked("I can see the bed again."))


def _lost(reason: Reason, words: Language, *, carer: bool) -> str:
    _ = words.gettext
    if reason in (Reason.AGENT_SILENT, Reason.NEVER_HEARD):
        return _(_NO_WORD)
    if reason is Reason.PRESENCE_UNSURE:
        return _(_UNSURE[carer])
    if reason in (
        Reason.MOVEMENT_MISSING,
        Reason.DISPLACED,
        Reason.NOT_IN_BED,
        Reason.ANKLE_BLIND,
    ):
        return _(OF_SENSOR[reason][carer])
    return _(_BLIND[carer])


def _degrees(value: FigureValue, words: Language) -> str:
    if not isinstance(value, float | int):
        return words.gettext(marked("not known"))
    return f"{words.number(value)} °C"


def _span(minutes: FigureValue, words: Language) -> str:
    if not isinstance(minutes, float | int):
        return words.gettext(marked("some time"))
    return span(minutes, words)
