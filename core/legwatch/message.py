"""Titles and texts for somebody half asleep: what, since when, the figures, and what to do.

Readings are of the air, so a text says "the air by your legs", never anything about skin or body.
"""

from legwatch.events import Kind
from legwatch.notice import Level, Notice, Reason, What

_TITLES = {
    Kind.COLD: "Your legs may be cold",
    Kind.STILL: "You have lain still for long",
    Kind.SENSOR: "I cannot see you: a sensor is not working",
    Kind.AGENT: "I cannot see you: no word from the bedside",
}
_CALM = {
    Kind.COLD: "Warm again by your legs",
    Kind.STILL: "You have moved",
    Kind.SENSOR: "The sensors are back",
    Kind.AGENT: "The bedside is back",
}
_WHY = {
    Reason.UNCOVERED: "They may be uncovered.",
    Reason.COOLED: "It has cooled slowly.",
    Reason.COLD_START: "The bed has not warmed up.",
    Reason.COLD_ROOM: "The room is cold.",
    Reason.DRAUGHT: "A draught on them is possible.",
    Reason.COLD_AND_STILL: "You have not moved for it.",
    Reason.NOT_ANSWERED: "Nobody has answered yet.",
}
_DO = {
    Reason.COLD_START: "Put on socks or warm the bed.",
    Reason.COLD_ROOM: "Cover your legs, put on socks.",
    Reason.DRAUGHT: "Cover your legs and turn the fan or air conditioner away.",
}
_SENSOR = {
    Reason.IMPLAUSIBLE: "A thermometer gives values that cannot be.",
    Reason.NO_READINGS: "A thermometer gives no readings.",
    Reason.STUCK: "The thermometer by the legs has shown the same value for hours.",
    Reason.MOVEMENT_MISSING: "The movement sensor gives no word.",
    Reason.MOVEMENT_SILENT: "The movement sensor has seen nothing since you went to bed.",
}
_CHECK = "Until it works I cannot warn you. Check the cable and the plug."


def title(notice: Notice) -> str:
    """Return the first line of a push."""
    match notice.what:
        case What.RESOLVED:
            if notice.kind in (Kind.COLD, Kind.STILL) and notice.reason is Reason.LEFT_BED:
                return "Out of bed"
            return _CALM[notice.kind]
        case What.UNKNOWN:
            return "I cannot see you any more"
        case What.ACKNOWLEDGED:
            return "Seen"
        case What.SNOOZED:
            return "Quiet for a while"
        case _:
            return ("Urgent: " if notice.level is Level.URGENT else "") + _TITLES[notice.kind]


def text(notice: Notice) -> str:
    """Return what it is, since when, the figures, and what to do."""
    figures = dict(notice.figures)
    match notice.what:
        case What.RESOLVED:
            return _resolved(notice, figures)
        case What.UNKNOWN:
            return f"{_lost(notice.reason)} Whether the last warning still holds is not known."
        case What.ACKNOWLEDGED:
            return "Somebody has seen it; quiet until it is over."
        case What.SNOOZED:
            return f"Quiet for {figures['for_min']} min, for this kind of alert only."
    match notice.kind:
        case Kind.COLD:
            return _cold(notice.reason, figures)
        case Kind.STILL:
            return (
                f"You have not changed position for {_span(figures['still_min'])}. "
                "Turn over, bend and stretch your legs."
            )
        case Kind.SENSOR:
            why = _SENSOR.get(notice.reason, "A sensor is not working.")
            return f"{why} {_CHECK}"
        case Kind.AGENT:
            silent = _span(figures["silent_min"])
            return f"No word from the bedside for {silent}. {_CHECK}"


def _cold(reason: Reason, figures: dict[str, float | str | None]) -> str:
    said = f"The air by your legs is {_degrees(figures['leg_c'])}"
    if figures["for_min"]:
        said += f", cold for {_span(figures['for_min'])}"
    if figures["usual_c"] is not None:
        said += f" (before: {_degrees(figures['usual_c'])})"
    parts = [said + "."]
    if figures["room_c"] is None:
        parts.append("No room sensor to compare with.")
    if reason in _WHY:
        parts.append(_WHY[reason])
    if reason is Reason.COLD_AND_STILL and figures["still_min"] is not None:
        parts.append(f"No change of position for {_span(figures['still_min'])}.")
    parts.append(_DO.get(reason, "Cover your legs."))
    return " ".join(parts)


def _resolved(notice: Notice, figures: dict[str, float | str | None]) -> str:
    if notice.reason is Reason.LEFT_BED:
        return "The bed is empty; nothing more to do."
    if notice.kind is Kind.COLD:
        if notice.reason is Reason.WARM_ROOM:
            return f"The room is warm ({_degrees(figures['room_c'])}); the warning is over."
        return f"The air by your legs is {_degrees(figures['leg_c'])} again."
    if notice.kind is Kind.STILL:
        return "A change of position was seen."
    return "I can see you again."


def _lost(reason: Reason) -> str:
    if reason is Reason.AGENT_SILENT:
        return "No word from the bedside."
    if reason is Reason.PRESENCE_UNSURE:
        return "The bed may be empty, or you lie uncovered and still."
    if reason is Reason.MOVEMENT_MISSING:
        return "The movement sensor gives no word."
    return "The thermometer by your legs gives no readings."


def _degrees(value: float | str | None) -> str:
    return "not known" if value is None else f"{value:.1f} °C"


def _span(minutes: float | str | None) -> str:
    if minutes is None:
        return "a time that is not known"
    whole = int(minutes)
    if whole < 60:
        return f"{whole} min"
    return f"{whole // 60} h {whole % 60} min" if whole % 60 else f"{whole // 60} h"
