"""What is wrong with which sensor, and what to do."""

from collections.abc import Mapping

from legwatch.alerting.figures import BY_MAT, LEG, NEVER, ROOM
from legwatch.conditions.verdict import Reason
from legwatch.text.language import Language, marked
from legwatch.text.sentence import FigureValue, OwnAndCarer, both

OF_SENSOR: Mapping[Reason, OwnAndCarer] = {
    Reason.IMPLAUSIBLE: both(marked("A thermometer gives impossible values.")),
    Reason.NO_READINGS: both(marked("A thermometer gives no readings.")),
    Reason.NO_SENSOR: both(marked("No sensor at the bed has given a reading yet.")),
    Reason.STUCK: both(marked("The thermometer by the legs has shown the same value for {span}.")),
    Reason.DISPLACED: (
        marked("The thermometer by your legs has the room's temperature; it may have slipped out."),
        marked("The thermometer by the legs has the room's temperature; it may have slipped out."),
    ),
    Reason.MOVEMENT_MISSING: both(marked("The movement sensor sends nothing.")),
    Reason.MOVEMENT_SILENT: (
        marked("The movement sensor has seen nothing since you went to bed."),
        marked("The movement sensor has seen nothing since bedtime."),
    ),
    Reason.MOVEMENT_QUIET: (
        marked("No movement of any size for {span}: you lie very still, or the sensor is dead."),
        marked("No movement of any size for {span}: very still sleep, or the sensor is dead."),
    ),
    Reason.MOVEMENT_NOISY: both(
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
    Reason.EXCHANGED: both(
        marked("The thermometer by the legs is far colder than the one of the room.")
    ),
    Reason.ROOM_WARMED: both(
        marked("The thermometer of the room has become warm as no room does.")
    ),
    Reason.COMES_AND_GOES: both(
        marked("A sensor comes and goes ({sensor}): less than half of the last 30 min is known.")
    ),
    Reason.MAT_DISAGREES: both(
        marked("The bed occupancy says another thing than all the other sensors.")
    ),
    Reason.MAT_MISSING: both(marked("The bed occupancy sends nothing any more.")),
    Reason.ANKLE_BLIND: (
        marked("The thermometer by your ankle does not show the air in the bed."),
        marked("The thermometer by the ankle does not show the air in the bed."),
    ),
}
_BROKEN = both(marked("A sensor is not working."))
_THERMOMETER: Mapping[tuple[Reason, str, bool], OwnAndCarer] = {  # (why, place, it never gave any)
    (Reason.NO_READINGS, LEG, False): (
        marked("The thermometer by your legs has given no readings for {span}."),
        marked("The thermometer by the legs has given no readings for {span}."),
    ),
    (Reason.NO_READINGS, LEG, True): (
        marked("The thermometer by your legs has given no reading since the start."),
        marked("The thermometer by the legs has given no reading since the start."),
    ),
    (Reason.NO_READINGS, ROOM, False): both(
        marked("The thermometer of the room has given no readings for {span}.")
    ),
    (Reason.NO_READINGS, ROOM, True): both(
        marked("The thermometer of the room has given no reading since the start.")
    ),
    (Reason.IMPLAUSIBLE, LEG, False): (
        marked("The thermometer by your legs gives impossible values."),
        marked("The thermometer by the legs gives impossible values."),
    ),
    (Reason.IMPLAUSIBLE, ROOM, False): both(
        marked("The thermometer of the room gives impossible values.")
    ),
}
CHECK = (
    marked("Until it works I cannot warn you. Check the cable and the plug."),
    marked("Until it works I cannot warn anybody. Check the cable and the plug."),
)
_LOOK: Mapping[Reason, OwnAndCarer] = {
    Reason.MOVEMENT_QUIET: (
        marked("Check the movement sensor by the bed, and its cable."),
        marked("Please look at the bed, and check the movement sensor and its cable."),
    ),
    Reason.MOVEMENT_NOISY: both(
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
    Reason.NOT_IN_BED: both(
        marked(
            "It may lie on top of the cover or outside. Put it beside the legs, below the cover."
        )
    ),
    Reason.EXCHANGED: both(
        marked("The two may be exchanged: I cannot warn anybody. Please exchange them.")
    ),
    Reason.COMES_AND_GOES: both(marked("Check the cable and the network.")),
    Reason.MAT_DISAGREES: both(
        marked("I judge without it now. Check where it lies and how it is wired.")
    ),
    Reason.MAT_MISSING: both(marked("I judge without it now. Check the cable and the plug.")),
    Reason.ROOM_WARMED: both(
        marked(
            "I judge without it now. Check that it is not in the bed, in the sun or by a heater."
        )
    ),
}
_CHECK_ROOM = both(  # some warnings come without it, too, but nobody should wait for them
    marked("Do not rely on my warnings until it works. Check the cable and the plug.")
)
_POINT = (
    marked("Until it works I cannot warn you. Check that it points at the bed, and its cable."),
    marked("Until it works I cannot warn anybody. Check that it points at the bed, and its cable."),
)
_BY_MAT = (
    marked(
        "I judge by the bed occupancy now, and cannot tell how long you lie still."
        " Check the movement sensor and its cable."
    ),
    marked(
        "I judge by the bed occupancy now, and cannot tell how long somebody lies still."
        " Check the movement sensor and its cable."
    ),
)
_PUT_BACK = (
    marked("Until it is back I cannot warn you. Put it back by your legs."),
    marked("Until it is back I cannot warn anybody. Put it back by the legs."),
)
NAMES = {  # a sensor's role, as people call it
    "leg": marked("thermometer by the legs"),
    "room": marked("thermometer of the room"),
    "movement": marked("movement sensor"),
    "presence": marked("bed occupancy"),
    "ankle": marked("thermometer by the ankle"),
}


def fault(reason: Reason, figures: dict[str, FigureValue]) -> tuple[OwnAndCarer, OwnAndCarer]:
    """Return what is wrong with which sensor, and what to do."""
    if reason in (Reason.MOVEMENT_SILENT, Reason.MOVEMENT_MISSING) and BY_MAT in figures.items():
        return OF_SENSOR[reason], _BY_MAT
    if reason in _LOOK:
        return OF_SENSOR[reason], _LOOK[reason]
    if reason is Reason.DISPLACED:
        return OF_SENSOR[reason], _PUT_BACK
    if reason is Reason.MOVEMENT_SILENT:
        return OF_SENSOR[reason], _POINT
    place, never = str(figures.get("sensor")), figures.get("given") == NEVER
    implausible = reason is Reason.IMPLAUSIBLE
    why = Reason.IMPLAUSIBLE if implausible else Reason.NO_READINGS
    known = _THERMOMETER.get((why, place, never and not implausible))
    todo = _CHECK_ROOM if place == ROOM else CHECK
    return known or OF_SENSOR.get(reason, _BROKEN), todo


def sensors(figures: dict[str, FigureValue], words: Language) -> str:
    """Return the sensors of a report, by the names that people know."""
    named = str(figures.get("sensor") or "?").split(", ")
    return ", ".join(words.gettext(NAMES.get(name, name)) for name in named)
