"""Who notices when this machine itself is dead: a watcher elsewhere that misses its heartbeat."""

from dataclasses import replace

from legwatch import forms
from legwatch.text.language import Language
from legwatch_server.setup.plan import Plan
from legwatch_server.setup.talk import Talk


def choose(talk: Talk, plan: Plan, words: Language) -> Plan:
    """Ask for the address that the watcher gave; empty: none."""
    _ = words.gettext
    talk.title(_("Who notices if this machine is dead?"))
    talk.say(
        _(
            "Without power or network this machine can tell nobody. A watcher elsewhere can:"
            " deploy/README.md names one. Make a check there, and give its address. Enter: none."
        )
    )

    def wrong(text: str) -> str:
        return forms.web_address(text) if text else ""

    address = talk.ask(_("Its address"), plan.heartbeat, wrong)
    if not address:
        talk.say(_("None: then look now and then whether legwatch still runs."))
    return replace(plan, heartbeat=address)
