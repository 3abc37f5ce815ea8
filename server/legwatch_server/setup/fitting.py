"""Finds the sensors and gives each its place at the bed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from legwatch import forms
from legwatch.errors import CannotRun
from legwatch.text.language import Language
from legwatch_server.setup.plan import Plan
from legwatch_server.setup.sensing import Found, Sensing
from legwatch_server.setup.talk import Talk

LISTEN_S, PUBLISHED_S = 20.0, 60.0
DHT_PIN, ROOM_PIN, SWITCH_PIN, HIGHEST_PIN = 4, 22, 17, 27
SIMULATED: Mapping[str, Mapping[str, Any]] = {
    role: {"driver": "simulated"} for role in ("leg", "room", "movement")
}


def fit(talk: Talk, plan: Plan, words: Language, sensing: Sensing) -> Plan:
    """Ask for each place which sensor is there; what was found is offered."""
    _ = words.gettext
    talk.title(_("The sensors"))
    if plan.sensors and talk.yes(
        _("Keep the sensors of before ({roles})?").format(roles=", ".join(plan.sensors))
    ):
        return plan
    talk.say(_("I look what is wired ..."))
    found = _found(talk, words, sensing)
    for one in found:
        talk.say(f"  {one.about}{f': {one.now}' if one.now else ''}")
    if not found:
        talk.say(_("Nothing was found on a bus. A DHT22 and a switch hang at a pin: I ask for it."))
    found = [*found, *_published(talk, words, sensing)]
    rest, sensors = list(found), dict[str, Mapping[str, Any]]()
    for role, question, needed in (
        ("leg", _("Which thermometer lies by the legs?"), True),
        ("room", _("Which thermometer measures the room?"), False),
    ):
        keys = _thermometer(talk, words, rest, question, (DHT_PIN, ROOM_PIN)[role == "room"])
        if keys is not None:
            sensors[role] = keys
        elif needed:
            talk.say(_("Without it no alert on cold legs can come."))
    movement = _movement(talk, words, rest, sensing)
    if movement is not None:
        sensors["movement"] = movement
    if radar := next((one for one in found if one.kind == "presence"), None):
        sensors["presence"] = radar.keys
    return replace(plan, sensors=sensors)


def _found(talk: Talk, words: Language, sensing: Sensing) -> Sequence[Found]:
    try:
        return sensing.found()
    except CannotRun as error:
        talk.say(words.gettext("I could not look: {why}").format(why=error))
        return ()


def _published(talk: Talk, words: Language, sensing: Sensing) -> Sequence[Found]:
    """Ask for sensors that publish by MQTT, and listen for them."""
    _ = words.gettext
    if not talk.yes(
        _("Are there sensors that publish by MQTT (Zigbee2MQTT, Tasmota, ESPHome)?"), offered=False
    ):
        return ()
    host = talk.ask(_("Address of their broker"), "127.0.0.1", forms.host)
    user = talk.ask(_("Its user name; Enter: none"))
    talk.say(_("I listen for {s:.0f} seconds; move the bed ...").format(s=PUBLISHED_S))
    try:
        found = sensing.published(host, user, PUBLISHED_S)
    except CannotRun as error:
        talk.say(_("I could not listen: {why}").format(why=error))
        return ()
    for one in found:
        talk.say(f"  {one.about}{f': {one.now}' if one.now else ''}")
    if not found:
        talk.say(_("Nothing for a bed was published in this time."))
    return found


def _thermometer(
    talk: Talk, words: Language, rest: list[Found], question: str, pin: int
) -> Mapping[str, Any] | None:
    """Ask for one thermometer; None: there is none."""
    _ = words.gettext
    known = [one for one in rest if one.kind == "thermometer"]
    answers = [one.about for one in known]
    answers += [_("a DHT22 at a pin"), _("a simulated one, to try it"), _("none")]
    chosen = talk.choose(question, answers)
    if chosen < len(known):
        rest.remove(known[chosen])
        return known[chosen].keys
    match chosen - len(known):
        case 0:
            return {"driver": "dht22", "pin": _pin(talk, words, pin)}
        case 1:
            return {"driver": "simulated"}
    return None


def _movement(
    talk: Talk, words: Language, rest: Sequence[Found], sensing: Sensing
) -> Mapping[str, Any] | None:
    """Ask for the movement sensor; it can be found by moving the bed."""
    _ = words.gettext
    known = [one for one in rest if one.kind == "movement"]
    answers = [one.about for one in known]
    answers += [
        _("a switch or PIR at a pin: find it by moving the bed"),
        _("a switch or PIR at a pin that I know"),
        _("a simulated one, to try it"),
        _("none"),
    ]
    chosen = talk.choose(_("Which sensor feels movement in the bed?"), answers)
    if chosen < len(known):
        return known[chosen].keys
    match chosen - len(known):
        case 0:
            return _by_moving(talk, words, sensing)
        case 1:
            return {"driver": "gpio_motion", "pin": _pin(talk, words, SWITCH_PIN)}
        case 2:
            return {"driver": "simulated"}
    talk.say(_("Without it no alert can come."))
    return None


def _by_moving(talk: Talk, words: Language, sensing: Sensing) -> Mapping[str, Any]:
    """Listen to the pins while the bed is moved; ask for the pin if none has ticked."""
    _ = words.gettext
    talk.say(_("Move the bed now, for {s:.0f} seconds ...").format(s=LISTEN_S))
    try:
        found = sensing.ticking(LISTEN_S)
    except CannotRun as error:
        talk.say(words.gettext("I could not listen: {why}").format(why=error))
        found = []
    if found:
        best = found[0]
        talk.say(_("{about} has ticked ({now}).").format(about=best.about, now=best.now))
        if talk.yes(_("Is it this one?")):
            return best.keys
    else:
        talk.say(_("No pin has ticked. Is the sensor wired as in the guide?"))
    return {"driver": "gpio_motion", "pin": _pin(talk, words, SWITCH_PIN)}


def _pin(talk: Talk, words: Language, offered: int) -> int:
    _ = words.gettext

    def wrong(text: str) -> str:
        known = text.isascii() and text.isdecimal() and int(text) <= HIGHEST_PIN
        return "" if known else _("A number from 0 to 27 is expected.")

    return int(talk.ask(_("GPIO number of its pin (BCM)"), str(offered), wrong))
