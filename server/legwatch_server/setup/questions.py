"""The first questions: language, what this machine is, the bed, and who sleeps in it."""

import re
from collections.abc import Callable
from dataclasses import replace

from legwatch.contract.topics import check_bed
from legwatch.errors import WireError
from legwatch.oncall.people import LANGUAGES
from legwatch.text.language import Language
from legwatch_runtime.system_zone import machine_zone
from legwatch_server.setup.plan import Place, Plan
from legwatch_server.setup.talk import Talk

NAMES = ("English", "Deutsch")  # in the order of LANGUAGES
_PERSON = re.compile(r"[A-Za-z0-9_-]{1,40}")
RESERVED = "server"


def language(talk: Talk, plan: Plan) -> Plan:
    """Ask for the language, in both of them."""
    chosen = talk.choose("Language / Sprache", NAMES, LANGUAGES.index(plan.language))
    return replace(plan, language=LANGUAGES[chosen])


def place(talk: Talk, plan: Plan, words: Language) -> Plan:
    """Ask what this machine is to be."""
    _ = words.gettext
    talk.title(_("What is this machine?"))
    answers = (
        _("All for one bed: sensors, server and pushes"),
        _("The Pi of a bed, with a server elsewhere in the house"),
        _("The server of beds elsewhere in the house"),
    )
    chosen = talk.choose("", answers, list(Place).index(plan.place))
    return replace(plan, place=list(Place)[chosen])


def bed(talk: Talk, plan: Plan, words: Language) -> Plan:
    """Ask for the bed's name, and say by which clock its night is counted."""
    _ = words.gettext
    talk.title(_("The bed"))
    name = talk.ask(_("A short name for the bed"), plan.bed, _wrong_bed(words))
    zone = machine_zone().name or "UTC"
    talk.say(
        _("Night is by the clock of this machine: {zone}. (sudo timedatectl set-timezone)").format(
            zone=zone
        )
    )
    return replace(plan, bed=name)


def sleeper(talk: Talk, plan: Plan, words: Language) -> Plan:
    """Ask who sleeps in the bed."""
    _ = words.gettext
    talk.title(_("Who sleeps there"))

    def wrong(text: str) -> str:
        known = _PERSON.fullmatch(text)
        return "" if known else _("One word of letters, digits, - and _ is expected.")

    return replace(plan, sleeper=talk.ask(_("A name for this person"), plan.sleeper, wrong))


def _wrong_bed(words: Language) -> Callable[[str], str]:
    _ = words.gettext

    def wrong(text: str) -> str:
        try:
            check_bed(text)
        except WireError:
            return _("1 to 32 of the signs a-z, 0-9 and - are expected, such as bed1.")
        return "" if text != RESERVED else _("This name is the server's own.")

    return wrong
