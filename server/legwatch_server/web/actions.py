"""Answers from phones: a GET shows a page and changes nothing, a POST stores an answer once."""

import html
import logging
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from legwatch.contract.action import OFFERED_SNOOZES_MIN, Action
from legwatch.text.language import marked
from legwatch_runtime.catalogue import language_named
from legwatch_server.answered_by import COMMAND_LINE, LINK
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.inbox import ActionRequested, Noted, Outcome
from legwatch_server.signed_links import TokenError, sign, verify
from legwatch_server.web.noted import said, where

logger = logging.getLogger(__name__)

PATH = "/answer/"
PLAIN = "text/plain"  # for the command line: the sentence alone
WAIT_S = 10.0  # longest wait for the commit
KEPT_CHARACTERS = 100  # of a refused link; a good one is shorter
KEPT = 1000  # refused links to remember, to log each of them once
_PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>legwatch</title>
<meta name="viewport" content="width=device-width"><style>
body{{font:1.3rem system-ui;background:#101418;color:#e8e4da;
 max-width:24rem;margin:3rem auto;padding:0 1rem}}
button{{font:inherit;width:100%;padding:1rem;margin:.4rem 0;border:0;border-radius:.6rem;
 background:#2e5a88;color:#fff}}
</style><p>{text}</p>{forms}"""
_FORM = '<form method="post" action="{token}"><button>{label}</button></form>'


class Reply(NamedTuple):
    """An HTTP response."""

    status: int
    body: bytes
    kind: str = "text/html; charset=utf-8"


def _unknown(_claims: LinkClaims) -> Noted:
    """Know nothing of what a link is about."""
    return Noted()


class ActionHandler:
    """Checks links and passes answers to the writer thread; used by the web server's threads."""

    def __init__(
        self,
        key: bytes,
        put: Callable[[ActionRequested], None],
        now_ms: Callable[[], int],
        look: Callable[[LinkClaims], Noted] = _unknown,
    ) -> None:
        self._key, self._put, self._now_ms, self._look = key, put, now_ms, look
        self._refused: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self.results: Counter[str] = Counter()

    def show(self, token: str, headers: Mapping[str, str]) -> Reply:
        """Handle a GET: show the buttons, and change nothing."""
        lang = _language(headers)
        try:
            claims, _mac = verify(token, self._key, self._now_ms())
        except TokenError as error:
            return self._refuse(token, str(error), lang)
        offered = [claims._replace(action=act, minutes=m) for act, m in _offers(claims)]
        forms = "".join(
            _FORM.format(token=sign(offer, self._key), label=html.escape(_label(offer, lang)))
            for offer in offered
        )
        words = language_named(lang)
        about = where(self._look(claims), words)
        question = words.gettext("What shall be noted?")
        return _page(200, f"{about} {question}".strip(), lang, forms)

    def take(self, token: str, headers: Mapping[str, str]) -> Reply:
        """Handle a POST: pass the answer on and wait until it is committed, at most WAIT_S."""
        lang = _language(headers)
        now_ms = self._now_ms()
        try:
            claims, mac = verify(token, self._key, now_ms)
        except TokenError as error:
            return self._refuse(token, str(error), lang)
        if claims.action is Action.PAGE:
            return self._refuse(token, "the link opens a page and holds no answer", lang)
        done, outcomes, noted = threading.Event(), list[Outcome](), [Noted()]

        def reply(outcome: Outcome) -> None:
            outcomes.append(outcome)
            done.set()

        via = LINK if claims.target is TargetKind.DELIVERY else COMMAND_LINE
        self._put(ActionRequested(claims, mac, via, now_ms, reply, noted.append))
        if not done.wait(WAIT_S):
            self.results["unsure"] += 1
            return _page(
                503, language_named(lang).gettext("Not noted yet: please try again."), lang
            )
        if outcomes[0] in (Outcome.DONE, Outcome.AGAIN):
            self.results[outcomes[0].value] += 1
            sentence = said(claims.action, noted[-1], language_named(lang))
            if headers.get("Accept", "").startswith(PLAIN):
                return Reply(200, f"{sentence}\n".encode(), f"{PLAIN}; charset=utf-8")
            return _page(200, sentence, lang)
        if outcomes[0] is Outcome.OVER:
            self.results[Outcome.OVER.value] += 1
            words = language_named(lang)
            over = words.gettext(marked("This alert is over; nothing was changed."))
            return _page(410, f"{where(noted[-1], words)} {over}".strip(), lang)
        return self._refuse(token, "used before" if outcomes[0] is Outcome.USED else "gone", lang)

    def _refuse(self, token: str, why: str, lang: str) -> Reply:
        with self._lock:
            self.results["refused"] += 1
            token = token[:KEPT_CHARACTERS]
            first = token not in self._refused
            self._refused[token] = None
            if len(self._refused) > KEPT:
                self._refused.popitem(last=False)
        if first:
            logger.warning("an answer was refused: %s", why)
        sentence = marked("This link is too old or has been used. Nothing was changed.")
        return _page(
            410 if why in ("too old", "used before", "gone") else 403,
            language_named(lang).gettext(sentence),
            lang,
        )


def _offers(claims: LinkClaims) -> list[tuple[Action, int]]:
    if claims.action is not Action.PAGE:
        return [(claims.action, claims.minutes)]
    return [
        (Action.SEEN, 0),
        *((Action.SNOOZE, m) for m in OFFERED_SNOOZES_MIN),
        (Action.NOT_USEFUL, 0),
    ]


def _label(claims: LinkClaims, lang: str) -> str:
    _ = language_named(lang).gettext
    if claims.action is Action.SNOOZE:
        return _("Quiet for {minutes} min").format(minutes=claims.minutes)
    return {
        Action.SEEN: _("Seen"),
        Action.NOT_USEFUL: _("Not useful"),
        Action.AWAKE: _("I can be woken"),
    }[claims.action]


def _language(headers: Mapping[str, str]) -> str:
    return "de" if headers.get("Accept-Language", "").lower().startswith("de") else "en"


def _page(status: int, text: str, lang: str, forms: str = "") -> Reply:
    body = _PAGE.format(lang=lang, text=html.escape(text), forms=forms)
    return Reply(status, body.encode())
