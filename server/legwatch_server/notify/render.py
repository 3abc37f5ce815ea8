"""Turn one outbox row into the text and buttons of a push, in the person's language."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from legwatch.alerting.notice import Notice, SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Reason, Severity
from legwatch.contract.action import DEFAULT_SNOOZE_MIN, Action
from legwatch.night import local
from legwatch.oncall.escalation import Purpose
from legwatch.oncall.people import CARER, Person
from legwatch.text.language import Language
from legwatch.text.message import of_no_broker, still_sounds, text, title
from legwatch_runtime.catalogue import language_named
from legwatch_server import answered_by, signed_links
from legwatch_server.claims import LinkClaims, TargetKind
from legwatch_server.notify.channels import Push, PushButton
from legwatch_server.notify.known_beds import LAMP, beds_of
from legwatch_server.notify.recovery import MOVED
from legwatch_server.settings import ServerSettings
from legwatch_server.store.delivery import Delivery, DeliveryState
from legwatch_server.store.port import PushSource

_ASKS_NOTHING = (TransitionKind.REPORTED, TransitionKind.EXPECTED)
LATE_S = 300  # a push sent later than this after its due time says that it is late


class UnknownPerson(LookupError):  # noqa: N818 - new settings may be on their way
    """The settings in use do not name the person of a delivery."""


class _Letter(NamedTuple):
    """One delivery on its way to a person, and the time at which it is written."""

    delivery: Delivery
    person: Person
    language: Language
    now_ms: int

    @property
    def carer(self) -> bool:
        """True if the person is no sleeper: the texts speak of the legs of another."""
        return self.person.role == CARER

    @property
    def again(self) -> bool:
        """True if the push may have been sent before a crash."""
        return self.delivery.state is DeliveryState.CLAIMED


class Renderer:
    """Makes a push from a delivery; the outbox threads share one renderer.

    `no_broker` says whether the server has had no broker for long: then no bedside is at fault.
    """

    def __init__(
        self, settings: ServerSettings, key: bytes, no_broker: Callable[[], bool] = lambda: False
    ) -> None:
        self._settings, self._key, self._no_broker = settings, key, no_broker
        self._people = settings.everybody()
        self._languages = {name: language_named(p.language) for name, p in self._people.items()}

    def __call__(self, store: PushSource, delivery: Delivery, now_ms: int) -> Push:
        """Return the push of a delivery; raises UnknownPerson, LookupError without a notice."""
        person = self._people.get(delivery.person)
        if person is None:
            raise UnknownPerson(f"{delivery.person} is not in the settings")
        letter = _Letter(delivery, person, self._languages[delivery.person], now_ms)
        if delivery.notice_id:
            return self._alert(store, letter)
        if delivery.purpose is Purpose.INFO:
            return self._trial_end(store, letter)
        return self._rehearsal(store, letter)

    def _alert(self, store: PushSource, letter: _Letter) -> Push:
        delivery, language = letter.delivery, letter.language
        stored = store.notice(delivery.notice_id)
        if stored is None:
            raise LookupError(f"notice {delivery.notice_id} is not stored")
        notice = of_no_broker(stored.notice) if self._no_broker() else stored.notice
        clock = f"{local(notice.at_ms, self._settings.zone_of(stored.bed)):%H:%M}"
        answer = _who_answered(notice, stored.who, language)
        trial = notice.suppressed_by is SuppressedBy.TRIAL
        sentences = [language.gettext("First week: I only show what I would say.")] if trial else []
        sentences.append(answer or text(notice, language, carer=letter.carer))
        late = letter.now_ms - delivery.due_ms > LATE_S * 1000
        if late or store.has_step(delivery.id, MOVED):
            sentences.append(language.gettext("(late: decided at {clock})").format(clock=clock))
        if letter.again:
            sentences.append(language.gettext("(perhaps said before)"))
        told = delivery.purpose in (Purpose.LOUD, Purpose.QUIET)
        wants_answer = told and not trial and notice.transition not in _ASKS_NOTHING
        return replace(
            self._blank(letter),
            bed=stored.bed,
            clock=clock,
            title=title(notice, language, carer=letter.carer),
            text=" ".join(sentences),
            severity=notice.severity,
            transition=notice.transition,
            suppressed_by=notice.suppressed_by,
            buttons=self._buttons(letter) if wants_answer else (),
            page=self._link(letter, Action.PAGE) if wants_answer else "",
        )

    def _rehearsal(self, store: PushSource, letter: _Letter) -> Push:
        _ = letter.language.gettext
        confirm = letter.delivery.purpose is Purpose.CONFIRM
        heading = _("Can you be woken?") if confirm else _("Evening test")
        sentence = (
            _("Tap to confirm that you can be woken tonight.")
            if confirm
            else _("Evening test: no need to do anything.")
        )
        awake = self._link(letter, Action.AWAKE)
        return replace(
            self._blank(letter),
            to=self._address(letter) or self._only_lamp(store, letter),
            title=heading,
            text=sentence,
            buttons=(PushButton(_("I can be woken"), awake),) if confirm and awake else (),
            page=awake if confirm else "",
        )

    def _trial_end(self, store: PushSource, letter: _Letter) -> Push:
        """Return the push that ends a bed's trial nights, with the number of its alerts."""
        _ = letter.language.gettext
        bed, count = store.trial_count(letter.delivery.bed_id)
        sentence = _(
            "Alerts of the first nights, without a sound: {count}. From now on they sound."
            " `legwatch learned` shows the nights, and limits that fit them."
        )
        heading = (
            _("I have learned the nights") if letter.carer else _("I have learned your nights")
        )
        return replace(
            self._blank(letter),
            bed=bed,
            clock=f"{local(letter.now_ms, self._settings.zone_of(bed)):%H:%M}",
            title=heading,
            text=sentence.format(count=count),
            transition=TransitionKind.RESOLVED,
        )

    def _blank(self, letter: _Letter) -> Push:
        """Return a push with its address and without words."""
        delivery = letter.delivery
        return Push(
            id=delivery.id,
            to=self._address(letter),
            thread=self._thread(delivery),
            bed="",
            clock=f"{local(letter.now_ms, self._settings.zone_of('')):%H:%M}",
            title="",
            text="",
            severity=Severity.LOG,
            transition=TransitionKind.FIRED,
            purpose=delivery.purpose,
            again=letter.again,
            language=letter.person.language,
            person=delivery.person,
        )

    def _address(self, letter: _Letter) -> str:
        return letter.person.address.get(letter.delivery.channel, "")

    def _only_lamp(self, store: PushSource, letter: _Letter) -> str:
        """Return the person's only bed if the push is for a lamp: a test belongs to no bed."""
        if letter.delivery.channel != LAMP:
            return ""
        beds = beds_of(letter.person, self._settings, store.heard_beds())
        return beds[0] if len(beds) == 1 else ""

    def _buttons(self, letter: _Letter) -> tuple[PushButton, ...]:
        """Return three buttons, because some channels show no more; none without answers.url."""
        if not self._settings.answers.url:
            return ()
        _ = letter.language.gettext
        return (
            PushButton(_("Seen"), self._link(letter, Action.SEEN)),
            PushButton(
                _("Quiet for {minutes} min").format(minutes=DEFAULT_SNOOZE_MIN),
                self._link(letter, Action.SNOOZE, DEFAULT_SNOOZE_MIN),
            ),
            PushButton(_("Not useful"), self._link(letter, Action.NOT_USEFUL)),
        )

    def _link(self, letter: _Letter, action: Action, minutes: int = 0) -> str:
        """Return the signed URL of an answer; empty without answers.url."""
        base = self._settings.answers.url.rstrip("/")
        if not base:
            return ""
        expires_ms = letter.now_ms + int(self._settings.answers.valid_h * 3_600_000)
        ident = letter.delivery.id
        claims = LinkClaims(TargetKind.DELIVERY, ident, action, minutes, expires_ms)
        return f"{base}/answer/{signed_links.sign(claims, self._key)}"

    def _thread(self, delivery: Delivery) -> str:
        """Return an id of episode and person; the push service cannot read either from it.

        The weekly question has one of its own: an evening test that is tried again comes behind it,
        and would take its place on the phone.
        """
        name = f"{delivery.bed_id} {delivery.kind} {delivery.episode_ms} {delivery.person}"
        if delivery.purpose is Purpose.CONFIRM:
            name = f"{name} {Purpose.CONFIRM}"
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()[:24]


def _who_answered(notice: Notice, who: str | None, language: Language) -> str:
    """Return a sentence that names who answered; empty for other notices."""
    if not who:
        return ""
    who = answered_by.who(who, language)
    if notice.transition is TransitionKind.ACKNOWLEDGED:
        return language.gettext("{who} has seen it.").format(who=who)
    if notice.transition is TransitionKind.SNOOZED:
        minutes = dict(notice.figures)["for_min"]
        sentence = language.gettext("{who} asked for quiet for {minutes} min.")
        said = sentence.format(who=who, minutes=minutes)
        still = notice.reason is Reason.WARNINGS_ONLY
        return f"{said} {still_sounds(notice, language)}" if still else said
    return ""
