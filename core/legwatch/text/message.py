"""Titles and texts of notifications, for somebody half asleep.

A text says what is wrong, since when, the figures, and what to do. The sensors measure air, so a
text says "the air by your legs" and nothing about skin or body. Every sentence has two forms: one
for the sleeper, and one for a carer, who reads the text in another room.
"""

from collections.abc import Mapping

from legwatch.alerting.figures import LEG, NEVER, ROOM
from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.verdict import Reason, Severity
from legwatch.events import AlertKind
from legwatch.text.language import ENGLISH, Language, marked
from legwatch.text.span import span

OwnAndCarer = tuple[str, str]  # for the sleeper, for a carer
FigureValue = float | str | None


def _both(sentence: str) -> OwnAndCarer:
    return sentence, sentence


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
_CALM: Mapping[AlertKind, OwnAndCarer] = {
    AlertKind.COLD: (marked("Warm again by your legs"), marked("Warm again by the legs")),
    AlertKind.STILL: (marked("You have moved"), marked("A movement was seen")),
    AlertKind.SENSOR: _both(marked("The sensors are back")),
    AlertKind.AGENT: _both(marked("The bedside is back")),
}
_ROOM_WARM, _OVER = marked("The room is warm"), marked("The warning is over")
_OUT = marked("Out of bed")
_LOST = (marked("I cannot see you any more"), marked("I cannot see the bed any more"))
_SEEN, _QUIET = marked("Seen"), marked("Quiet for a while")
_QUIET_MIN = marked("Quiet for {minutes} min")
URGENT_STILL = marked("Urgent alerts still sound.")
_QUIET_FOR = marked("Quiet for a while, for this kind of alert only.")
_URGENT = marked("Urgent: {title}")
_WHY: Mapping[Reason, OwnAndCarer] = {
    Reason.UNCOVERED: _both(marked("They may be uncovered.")),
    Reason.COOLED: _both(marked("It has cooled slowly.")),
    Reason.COLD_START: _both(marked("The bed has not warmed up.")),
    Reason.COLD_ROOM: _both(marked("The room is cold.")),
    Reason.DRAUGHT: _both(marked("A draught on them is possible.")),
    Reason.COLD_AND_STILL: (marked("You have not moved for it."), marked("No movement for it.")),
    Reason.NOT_ANSWERED: _both(marked("Nobody has answered yet.")),
}
_LEG_UNKNOWN = marked("How warm it is by the legs is not known.")
_COLD_ROOM = marked("The room is cold ({room}).")
_COVER = (marked("Cover your legs."), marked("Cover the legs."))
_DO: Mapping[Reason, OwnAndCarer] = {
    Reason.COLD_START: _both(marked("Put on socks or warm the bed.")),
    Reason.COLD_ROOM: (
        marked("Cover your legs, put on socks."),
        marked("Cover the legs, offer socks."),
    ),
    Reason.DRAUGHT: (
        marked("Cover your legs and turn the fan or air conditioner away."),
        marked("Cover the legs and turn the fan or air conditioner away."),
    ),
}
_SENSOR: Mapping[Reason, OwnAndCarer] = {
    Reason.IMPLAUSIBLE: _both(marked("A thermometer gives impossible values.")),
    Reason.NO_READINGS: _both(marked("A thermometer gives no readings.")),
    Reason.NO_SENSOR: _both(marked("No sensor at the bed has given a reading yet.")),
    Reason.STUCK: _both(marked("The thermometer by the legs has shown the same value for {span}.")),
    Reason.DISPLACED: (
        marked("The thermometer by your legs has the room's temperature; it may have slipped out."),
        marked("The thermometer by the legs has the room's temperature; it may have slipped out."),
    ),
    Reason.MOVEMENT_MISSING: _both(marked("The movement sensor sends nothing.")),
    Reason.MOVEMENT_SILENT: (
        marked("The movement sensor has seen nothing since you went to bed."),
        marked("The movement sensor has seen nothing since bedtime."),
    ),
    Reason.MOVEMENT_QUIET: (
        marked("No movement of any size for {span}: you lie very still, or the sensor is dead."),
        marked("No movement of any size for {span}: very still sleep, or the sensor is dead."),
    ),
    Reason.MOVEMENT_NOISY: _both(
        marked("The movement sensor has shown movement without a rest for {span}.")
    ),
    Reason.LAIN_UPON: (
        marked("The thermometer by your legs has been warmer than air under a cover for {span}."),
        marked("The thermometer by the legs has been warmer than air under a cover for {span}."),
    ),
    Reason.NOT_IN_BED: (
        marked("The thermometer by your legs has not become warm in bed."),
        marked("The thermometer by the legs has not become warm in bed."),
    ),
    Reason.EXCHANGED: _both(
        marked("The thermometer by the legs is far colder than the one of the room.")
    ),
    Reason.ROOM_WARMED: _both(
        marked("The thermometer of the room has become warm as no room does.")
    ),
    Reason.COMES_AND_GOES: _both(
        marked("A sensor comes and goes ({sensor}): less than half of the last 30 min is known.")
    ),
    Reason.MAT_DISAGREES: _both(
        marked("The bed occupancy says another thing than all the other sensors.")
    ),
    Reason.MAT_MISSING: _both(marked("The bed occupancy sends nothing any more.")),
}
_BROKEN = _both(marked("A sensor is not working."))
_THERMOMETER: Mapping[tuple[Reason, str, bool], OwnAndCarer] = {  # (why, place, it never gave any)
    (Reason.NO_READINGS, LEG, False): (
        marked("The thermometer by your legs has given no readings for {span}."),
        marked("The thermometer by the legs has given no readings for {span}."),
    ),
    (Reason.NO_READINGS, LEG, True): (
        marked("The thermometer by your legs has given no reading since the start."),
        marked("The thermometer by the legs has given no reading since the start."),
    ),
    (Reason.NO_READINGS, ROOM, False): _both(
        marked("The thermometer of the room has given no readings for {span}.")
    ),
    (Reason.NO_READINGS, ROOM, True): _both(
        marked("The thermometer of the room has given no reading since the start.")
    ),
    (Reason.IMPLAUSIBLE, LEG, False): (
        marked("The thermometer by your legs gives impossible values."),
        marked("The thermometer by the legs gives impossible values."),
    ),
    (Reason.IMPLAUSIBLE, ROOM, False): _both(
        marked("The thermometer of the room gives impossible values.")
    ),
}
_CHECK = (
    marked("Until it works I cannot warn you. Check the cable and the plug."),
    marked("Until it works I cannot warn anybody. Check the cable and the plug."),
)
_LOOK: Mapping[Reason, OwnAndCarer] = {
    Reason.MOVEMENT_QUIET: (
        marked("Check the movement sensor by the bed, and its cable."),
        marked("Please look at the bed, and check the movement sensor and its cable."),
    ),
    Reason.MOVEMENT_NOISY: _both(
        marked("Is something shaking it, such as a washing machine? Check its place and its cable.")
    ),
    Reason.LAIN_UPON: (
        marked(
            "You may lie on it, or a bottle beside it. Put it free; until then I cannot warn you."
        ),
        marked(
            "A leg may lie on it, or a bottle beside it. Put it free; until then I cannot warn."
        ),
    ),
    Reason.NOT_IN_BED: _both(
        marked(
            "It may lie on top of the cover or outside. Put it beside the legs, below the cover."
        )
    ),
    Reason.EXCHANGED: _both(
        marked("The two may be exchanged: I cannot warn anybody. Please exchange them.")
    ),
    Reason.COMES_AND_GOES: _both(marked("Check the cable and the network.")),
    Reason.MAT_DISAGREES: _both(
        marked("I judge without it now. Check where it lies and how it is wired.")
    ),
    Reason.MAT_MISSING: _both(marked("I judge without it now. Check the cable and the plug.")),
    Reason.ROOM_WARMED: _both(
        marked(
            "I judge without it now. Check that it is not in the bed, in the sun or by a heater."
        )
    ),
}
_CHECK_NETWORK = marked("While it is away I cannot warn anybody. Check its network and its power.")
_FLAPS_SO = marked("The bedside comes and goes.")
_FLAPS = marked("The bedside comes and goes: {minutes} of the last 30 min are known.")
_CHECK_ROOM = _both(  # some warnings come without it, too, but nobody should wait for them
    marked("Do not rely on my warnings until it works. Check the cable and the plug.")
)
_POINT = (
    marked("Until it works I cannot warn you. Check that it points at the bed, and its cable."),
    marked("Until it works I cannot warn anybody. Check that it points at the bed, and its cable."),
)
_PUT_BACK = (
    marked("Until it is back I cannot warn you. Put it back by your legs."),
    marked("Until it is back I cannot warn anybody. Put it back by the legs."),
)
_SILENT = marked("No word from the bedside for {span}.")
_NEVER = marked(
    "No word has come from the bedside yet, for {span} now. Check that it is on, and the bed's name"
    " in its settings."
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
_EXPECTED = (marked("Your legs may get cold"), marked("The legs may get cold"))
_AT_THIS_PACE = (
    marked("The air by your legs is {leg} and falls; below {limit} in about {span}."),
    marked("The air by the legs is {leg} and falls; below {limit} in about {span}."),
)
_REPORTS: Mapping[Reason, tuple[str, str]] = {  # title and text: the same for everybody
    Reason.BEDSIDE_GONE: (
        marked("The bedside is off"),
        marked("The bedside has been off for {span}. Check its plug and the network."),
    ),
    Reason.WINDOWS_LOST: (
        marked("Part of a night was not kept"),
        marked(
            "The bedside could not send for too long and had to drop {span} of readings. What"
            " happened then is not known."
        ),
    ),
    Reason.WINDOWS_UNREAD: (
        marked("The server cannot read the bedside"),
        marked(
            "For {span} readings have come from the bedside that the server cannot read, so it"
            " cannot warn you. The server's log says what is wrong with them."
        ),
    ),
    Reason.NEWER_VERSION: (
        marked("The server is too old for the bedside"),
        marked(
            "The bedside speaks a newer version than the server, which cannot read it and cannot"
            " warn you. Update the server; the bedside keeps its readings until then."
        ),
    ),
    Reason.SENSOR_MUTE: (
        marked("A sensor gives nothing"),
        marked("This sensor is set up and gives nothing: {sensor}. Check the cable and the plug."),
    ),
    Reason.NEVER_WARNS: (
        marked("This bed can never warn"),
        marked(
            "With the sensors of this bed no alert on the sleeper can ever come. Please see that it"
            " has a thermometer by the legs and a movement sensor."
        ),
    ),
    Reason.TWO_BEDSIDES: (
        marked("Two bedsides send as one bed"),
        marked(
            "Two bedsides send as this bed, in turn, so what is seen may be of another bed. Give"
            " one of them another bed name."
        ),
    ),
    Reason.MEMORY_LOST: (
        marked("The server has lost its memory"),
        marked(
            "The server's file was damaged and is set aside. The server watches on with a new one;"
            " what it knew of earlier nights may be missing."
        ),
    ),
    Reason.NOTHING_KEPT: (
        marked("Tonight is not kept"),
        marked(
            "The server's disk takes nothing. The watch goes on and tells you, but nothing of it is"
            " kept. Check the disk of the server."
        ),
    ),
    Reason.NOTHING_ARRIVES: (
        marked("No bed can be seen"),
        marked(
            "The server has a broker, but for {span} nothing has arrived from any bed. Check that"
            " the bedsides are on, and the broker's rights for the server's user."
        ),
    ),
    Reason.NOT_JUDGED: (
        marked("A bed cannot be judged"),
        marked(
            "The server fails when it judges this bed: {bed}. Until that is mended, it cannot warn"
            " of this bed: please look yourself. The server's log says what is wrong."
        ),
    ),
    Reason.NO_PUSH_LEAVES: (
        marked("Nobody could be reached"),
        marked(
            "For {span} no push could be sent to anybody. `legwatch duty` shows what is wrong with"
            " each way."
        ),
    ),
    Reason.SHARED_NAME: (
        marked("Two servers take each other's place"),
        marked(
            "Another program uses the server's name at the broker, so each misses what the other"
            " gets. Stop one, or give it another mqtt.client_id."
        ),
    ),
    Reason.NOT_LISTENING: (
        marked("Answers do not reach the server"),
        marked(
            "Another program has the server's port, so no answer from a phone comes through."
            " Alerts come all the same. Stop that program, or change http.port."
        ),
    ),
}
REPORTED = tuple(_REPORTS)  # what a report can be about
_NOT_EXPECTED = (
    marked("The bed is not expected any more"),
    marked("The settings no longer name it, and no word had ever come from it."),
)
_NOT_WATCHED = (
    marked("The bed is not watched any more"),
    marked("Somebody has paused it or taken it out of use. Nothing more is told of it."),
)
_NAMES = {  # a sensor's role, as people call it
    "leg": marked("thermometer by the legs"),
    "room": marked("thermometer of the room"),
    "movement": marked("movement sensor"),
    "presence": marked("bed occupancy"),
}
_AGAIN = (
    marked("The air by your legs is {leg} again."),
    marked("The air by the legs is {leg} again."),
)


def title(notice: Notice, words: Language = ENGLISH, *, carer: bool = False) -> str:
    """Return the first line of a push."""
    _ = words.gettext
    match notice.transition:
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
        case TransitionKind.ACKNOWLEDGED:
            return _(_SEEN)
        case TransitionKind.SNOOZED:
            return _(_QUIET)
        case TransitionKind.EXPECTED:
            return _(_EXPECTED[carer])
        case TransitionKind.REPORTED:
            return _(_report(notice)[0])
        case _:
            heading = _(_TITLES[notice.kind][carer])
            urgent = notice.severity is Severity.URGENT
            return _(_URGENT).format(title=heading) if urgent else heading


def text(notice: Notice, words: Language = ENGLISH, *, carer: bool = False) -> str:
    """Return the text of a push below its title."""
    _, figures = words.gettext, dict(notice.figures)
    match notice.transition:
        case TransitionKind.RESOLVED:
            return _resolved(notice, figures, words, carer=carer)
        case TransitionKind.UNKNOWN:
            return f"{_lost(notice.reason, words, carer=carer)} {_(_OPEN[carer])}"
        case TransitionKind.ACKNOWLEDGED:
            return _(marked("Somebody has seen it; quiet until it is over."))
        case TransitionKind.SNOOZED if notice.reason is Reason.WARNINGS_ONLY:
            minutes, still = figures.get("for_min"), _(URGENT_STILL)
            span = _(_QUIET) if minutes is None else _(_QUIET_MIN).format(minutes=minutes)
            return f"{span}. {still}"
        case TransitionKind.SNOOZED:
            sentence = _(marked("Quiet for {minutes} min, for this kind of alert only."))
            minutes = figures.get("for_min")
            return _(_QUIET_FOR) if minutes is None else sentence.format(minutes=minutes)
        case TransitionKind.EXPECTED:
            return _expected(figures, words, carer=carer)
        case TransitionKind.REPORTED:
            lasted, sensor = _span(figures.get("for_min"), words), _sensors(figures, words)
            bed = figures.get("bed") or "?"
            return _(_report(notice)[1]).format(span=lasted, sensor=sensor, bed=bed)
    match notice.kind:
        case AlertKind.COLD:
            return _cold(notice.reason, figures, words, carer=carer)
        case AlertKind.STILL:
            still = _(_STILL[carer]).format(span=_span(figures.get("still_min"), words))
            return f"{still} {_(_OR_DEAD)}" if notice.reason is Reason.MOVEMENT_QUIET else still
        case AlertKind.SENSOR:
            fault, todo = _fault(notice.reason, figures)
            lasted, sensor = _span(figures.get("for_min"), words), _sensors(figures, words)
            return f"{_(fault[carer]).format(span=lasted, sensor=sensor)} {_(todo[carer])}"
        case AlertKind.AGENT if notice.reason is Reason.COMES_AND_GOES:
            minutes = figures.get("known_min")
            flaps = _(_FLAPS).format(minutes=minutes) if minutes is not None else _(_FLAPS_SO)
            return f"{flaps} {_(_CHECK_NETWORK)}"
        case AlertKind.AGENT:
            sentence = _NEVER if notice.reason is Reason.NEVER_HEARD else _SILENT
            silent = _(sentence).format(span=_span(figures.get("silent_min"), words))
            return f"{silent} {_(_CHECK[carer])}"


def _report(notice: Notice) -> tuple[str, str]:
    return _REPORTS.get(notice.reason, _REPORTS[Reason.BEDSIDE_GONE])


def _calm(notice: Notice) -> OwnAndCarer:
    """Return the title of an end; it says "warm by your legs" only if that was measured."""
    if notice.kind is AlertKind.COLD and notice.reason is Reason.WARM_ROOM:
        return _both(_ROOM_WARM)
    if notice.kind is AlertKind.COLD and dict(notice.figures).get("leg_c") is None:
        return _both(_OVER)
    return _CALM[notice.kind]


def _fault(reason: Reason, figures: dict[str, FigureValue]) -> tuple[OwnAndCarer, OwnAndCarer]:
    """Return what is wrong with which sensor, and what to do."""
    if reason in _LOOK:
        return _SENSOR[reason], _LOOK[reason]
    if reason is Reason.DISPLACED:
        return _SENSOR[reason], _PUT_BACK
    if reason is Reason.MOVEMENT_SILENT:
        return _SENSOR[reason], _POINT
    place, never = str(figures.get("sensor")), figures.get("given") == NEVER
    implausible = reason is Reason.IMPLAUSIBLE
    why = Reason.IMPLAUSIBLE if implausible else Reason.NO_READINGS
    known = _THERMOMETER.get((why, place, never and not implausible))
    todo = _CHECK_ROOM if place == ROOM else _CHECK
    return known or _SENSOR.get(reason, _BROKEN), todo


def _sensors(figures: dict[str, FigureValue], words: Language) -> str:
    """Return the sensors of a report, by the names that people know."""
    named = str(figures.get("sensor") or "?").split(", ")
    return ", ".join(words.gettext(_NAMES.get(name, name)) for name in named)


def _expected(figures: dict[str, FigureValue], words: Language, *, carer: bool) -> str:
    limit, leg = _degrees(figures.get("limit_c"), words), _degrees(figures.get("leg_c"), words)
    within = _span(figures.get("in_min"), words)
    pace = words.gettext(_AT_THIS_PACE[carer]).format(leg=leg, limit=limit, span=within)
    return f"{pace} {words.gettext(_COVER[carer])}"


def _cold(reason: Reason, figures: dict[str, FigureValue], words: Language, *, carer: bool) -> str:
    _ = words.gettext
    usual = _usual(figures, words)
    sentence = _(_COLD[bool(figures.get("for_min")), usual is not None][carer])
    leg, lasted = _degrees(figures.get("leg_c"), words), _span(figures.get("for_min"), words)
    known = figures.get("leg_c") is not None
    parts = [sentence.format(leg=leg, span=lasted, usual=usual) if known else _(_LEG_UNKNOWN)]
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
        return _(_NOT_WATCHED[1])
    if notice.kind is AlertKind.COLD:
        if notice.reason is Reason.WARM_ROOM:
            if figures.get("room_c") is None:
                return _(marked("The room is warm; the warning is over."))
            warm = _(marked("The room is warm ({room}); the warning is over."))
            return warm.format(room=_degrees(figures.get("room_c"), words))
        if figures.get("leg_c") is None:
            return _(_LEG_UNKNOWN)
        return _(_AGAIN[carer]).format(leg=_degrees(figures["leg_c"], words))
    if notice.kind is AlertKind.STILL:
        return _(marked("A change of position was seen."))
    return _(marked("I can see you again.")) if not carer else _(marked("I can see the bed again."))


def _lost(reason: Reason, words: Language, *, carer: bool) -> str:
    _ = words.gettext
    if reason in (Reason.AGENT_SILENT, Reason.NEVER_HEARD):
        return _(_NO_WORD)
    if reason is Reason.PRESENCE_UNSURE:
        return _(_UNSURE[carer])
    if reason in (Reason.MOVEMENT_MISSING, Reason.DISPLACED, Reason.NOT_IN_BED):
        return _(_SENSOR[reason][carer])
    return _(_BLIND[carer])


def _degrees(value: FigureValue, words: Language) -> str:
    if not isinstance(value, float | int):
        return words.gettext(marked("not known"))
    return f"{words.number(value)} °C"


def _span(minutes: FigureValue, words: Language) -> str:
    if not isinstance(minutes, float | int):
        return words.gettext(marked("some time"))
    return span(minutes, words)
