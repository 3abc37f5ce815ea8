"""The phone: a topic of its own, a picture for the app, and a push that has to ring."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from urllib.parse import urlsplit

from legwatch import forms
from legwatch.text.language import Language
from legwatch_server.cli.try_push import Try, try_all
from legwatch_server.notify.channels.ntfy import wrong_topic
from legwatch_server.settings import ServerSettings
from legwatch_server.setup.plan import NTFY, Plan
from legwatch_server.setup.talk import Talk

TOPIC_BYTES = 12  # 96 bits: nobody guesses it
OFFERED = 3  # so often another try is offered: a set-up without a person must come to its end


def new_topic() -> str:
    """Return a topic that nobody else has."""
    return f"legwatch-{secrets.token_hex(TOPIC_BYTES)}"


def choose(talk: Talk, plan: Plan, words: Language) -> Plan:
    """Ask by which ntfy server the pushes go; the topic is made here."""
    _ = words.gettext
    talk.title(_("The phone"))
    talk.say(
        _("Pushes come by the free app ntfy. Install it on the phone now, from its usual store.")
    )
    if not talk.yes(_("Shall a phone ring?")):
        talk.say(_("Then alerts stand in the log only, and nobody is woken."))
        return replace(plan, topic="")
    server = talk.ask(_("The ntfy server"), plan.ntfy, forms.web_root)
    topic = plan.topic if not wrong_topic(plan.topic) else new_topic()
    return replace(plan, ntfy=server, topic=topic)


def show(talk: Talk, plan: Plan, words: Language) -> None:
    """Show the topic: as a picture, and as a text to type."""
    _ = words.gettext
    talk.say(_("In the app: +, then this topic. (Android: a scanner that opens links opens it.)"))
    talk.picture(_link(plan))
    talk.say(f"  {plan.topic}")
    if plan.ntfy != NTFY:
        talk.say(_("  and, as another server: {url}").format(url=plan.ntfy))
    talk.say(_("Let the app send notifications, and leave it out of battery saving."))


def ring(
    talk: Talk,
    plan: Plan,
    words: Language,
    settings: Callable[[], ServerSettings],
    now_ms: Callable[[], int],
) -> bool:
    """Send a push until it has rung, or the person gives up; return whether it has."""
    _ = words.gettext
    for tries in count(1):
        sent = False
        for said in try_all(settings(), plan.sleeper, now_ms()):
            if isinstance(said, Try):
                sent |= said.sent
                talk.say(f"  {_('It is on its way.') if said.sent else said.words}")
        if sent and talk.yes(_("Did it ring?")):
            return True
        talk.say(
            _("Look: is the topic in the app the same, is the phone in a network, and not silent?")
        )
        if not talk.yes(_("Send it once more?"), offered=tries < OFFERED):
            talk.say(_("Later: legwatch duty --push {name}").format(name=plan.sleeper))
            break
    return False


def _link(plan: Plan) -> str:
    """Return what the app opens by itself: its own kind of link."""
    url = urlsplit(plan.ntfy)
    plain = "?secure=false" if url.scheme == "http" else ""
    return f"ntfy://{url.netloc}/{plan.topic}{plain}"
