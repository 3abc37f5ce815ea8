"""Turn one outbox row into the text and buttons of a push, in the person's language."""

import hashlib
import hmac
import sqlite3

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.verdict import Severity
from legwatch.contract.action import DEFAULT_SNOOZE_MIN, Action
from legwatch.night import local
from legwatch.oncall.escalation import Purpose
from legwatch.oncall.people import CARER, Person
from legwatch.text.language import Language
from legwatch.text.message import text, title
from legwatch_runtime.catalogue import language_named
from legwatch_server import signed_links
from legwatch_server.inbox import LinkClaims, TargetKind
from legwatch_server.notify.channels import Push, PushButton
from legwatch_server.settings import ServerSettings
from legwatch_server.store import deliveries
from legwatch_server.store.deliveries import Delivery
from legwatch_server.store.notices import notice_of

LATE_S = 300  # a push sent later than this after its due time says that it is late
_NOTICE = (
    "SELECT n.at_ms, n.kind, n.what, n.level, n.reason, n.held, n.line, n.who, b.name"
    " FROM notices n JOIN beds b ON b.id = n.bed_id WHERE n.id=?"
)
_HELD = (
    "SELECT b.name, (SELECT count(DISTINCT kind || episode_ms) FROM notices n"
    " WHERE n.bed_id = b.id AND held = 'learning') FROM beds b WHERE b.id=?"
)


class Renderer:
    """Makes a push from an outbox row; the outbox threads share one renderer."""

    def __init__(self, settings: ServerSettings, key: bytes) -> None:
        self._settings, self._key = settings, key
        self._people = settings.everybody()
        self._languages = {name: language_named(p.language) for name, p in self._people.items()}

    def __call__(self, db: sqlite3.Connection, delivery: Delivery, now_ms: int) -> Push:
        """Return the push for a row; raises LookupError for an unknown person."""
        person = self._people.get(delivery.person)
        if person is None:
            raise LookupError(f"{delivery.person} is no longer in the settings")
        language = self._languages[delivery.person]
        if delivery.notice_id:
            return self._alert(db, delivery, person, language, now_ms)
        if delivery.purpose is Purpose.INFO:
            return self._trial_end(db, delivery, person, language, now_ms)
        return self._rehearsal(delivery, person, language, now_ms)

    def _alert(
        self,
        db: sqlite3.Connection,
        delivery: Delivery,
        person: Person,
        language: Language,
        now_ms: int,
    ) -> Push:
        *fields, who, bed = db.execute(_NOTICE, (delivery.notice_id,)).fetchone()
        notice = notice_of(fields)
        carer = person.role == CARER
        clock = f"{local(notice.at_ms, self._settings.zone_of(bed)):%H:%M}"
        sentences = [_who_answered(notice, who, language) or text(notice, language, carer=carer)]
        if now_ms - delivery.due_ms > LATE_S * 1000 or deliveries.was_postponed(db, delivery):
            sentences.append(language.gettext("(late: decided at {clock})").format(clock=clock))
        if delivery.state == "claimed":
            sentences.append(language.gettext("(perhaps said before)"))
        wants_answer = delivery.purpose in (Purpose.LOUD, Purpose.QUIET)
        return Push(
            id=delivery.id,
            to=person.address.get(delivery.channel, ""),
            thread=self._thread(delivery),
            bed=bed,
            clock=clock,
            title=title(notice, language, carer=carer),
            text=" ".join(sentences),
            severity=notice.severity,
            transition=notice.transition,
            purpose=delivery.purpose,
            buttons=self._buttons(delivery, language, now_ms) if wants_answer else (),
            page=self._link(delivery, Action.PAGE, 0, now_ms) if wants_answer else "",
            again=delivery.state == "claimed",
        )

    def _rehearsal(
        self, delivery: Delivery, person: Person, language: Language, now_ms: int
    ) -> Push:
        _ = language.gettext
        confirm = delivery.purpose is Purpose.CONFIRM
        heading = _("Can you be woken?") if confirm else _("Evening test")
        sentence = (
            _("Tap to confirm that you can be woken tonight.")
            if confirm
            else _("Evening test: no need to do anything.")
        )
        awake = self._link(delivery, Action.AWAKE, 0, now_ms)
        return Push(
            id=delivery.id,
            to=person.address.get(delivery.channel, ""),
            thread=self._thread(delivery),
            bed="",
            clock=f"{local(now_ms, self._settings.zone_of('')):%H:%M}",
            title=heading,
            text=sentence,
            severity=Severity.LOG,
            transition=TransitionKind.FIRED,
            purpose=delivery.purpose,
            buttons=(PushButton(_("I can be woken"), awake),) if confirm and awake else (),
            page=awake if confirm else "",
            again=delivery.state == "claimed",
        )

    def _trial_end(
        self,
        db: sqlite3.Connection,
        delivery: Delivery,
        person: Person,
        language: Language,
        now_ms: int,
    ) -> Push:
        """Return the push that ends a bed's trial nights, with the number of unsent alerts."""
        _ = language.gettext
        bed, held = db.execute(_HELD, (delivery.bed_id,)).fetchone()
        own = person.role != CARER
        sentence = _(
            "Alerts that were not told in the first nights: {count}. From now on they are told."
            " `legwatch learned` shows the nights, and limits that fit them."
        )
        return Push(
            id=delivery.id,
            to=person.address.get(delivery.channel, ""),
            thread=self._thread(delivery),
            bed=bed,
            clock=f"{local(now_ms, self._settings.zone_of(bed)):%H:%M}",
            title=_("I have learned your nights") if own else _("I have learned the nights"),
            text=sentence.format(count=held),
            severity=Severity.LOG,
            transition=TransitionKind.RESOLVED,
            purpose=delivery.purpose,
            again=delivery.state == "claimed",
        )

    def _buttons(
        self, delivery: Delivery, language: Language, now_ms: int
    ) -> tuple[PushButton, ...]:
        """Return three buttons, because some channels show no more; none without answers.url."""
        if not self._settings.answers.url:
            return ()
        _ = language.gettext
        return (
            PushButton(_("Seen"), self._link(delivery, Action.SEEN, 0, now_ms)),
            PushButton(
                _("Quiet for {minutes} min").format(minutes=DEFAULT_SNOOZE_MIN),
                self._link(delivery, Action.SNOOZE, DEFAULT_SNOOZE_MIN, now_ms),
            ),
            PushButton(_("Not useful"), self._link(delivery, Action.NOT_USEFUL, 0, now_ms)),
        )

    def _link(self, delivery: Delivery, action: Action, minutes: int, now_ms: int) -> str:
        return link(
            self._settings, self._key, TargetKind.DELIVERY, delivery.id, action, minutes, now_ms
        )

    def _thread(self, delivery: Delivery) -> str:
        """Return an id of episode and person; the push service cannot read either from it."""
        name = f"{delivery.bed_id} {delivery.kind} {delivery.episode_ms} {delivery.person}".encode()
        return hmac.new(self._key, name, hashlib.sha256).hexdigest()[:24]


def link(
    settings: ServerSettings,
    key: bytes,
    target_kind: TargetKind,
    ident: int,
    action: Action,
    minutes: int,
    now_ms: int,
) -> str:
    """Return the signed URL of an answer; empty without answers.url."""
    base = settings.answers.url.rstrip("/")
    if not base:
        return ""
    expires_ms = now_ms + int(settings.answers.valid_h * 3_600_000)
    claims = LinkClaims(target_kind, ident, action, minutes, expires_ms)
    return f"{base}/answer/{signed_links.sign(claims, key)}"


def _who_answered(notice: Notice, who: str | None, language: Language) -> str:
    """Return a sentence that names who answered; empty for other notices."""
    if not who:
        return ""
    if notice.transition is TransitionKind.ACKNOWLEDGED:
        return language.gettext("{who} has seen it.").format(who=who)
    if notice.transition is TransitionKind.SNOOZED:
        minutes = dict(notice.figures)["for_min"]
        sentence = language.gettext("{who} asked for quiet for {minutes} min.")
        return sentence.format(who=who, minutes=minutes)
    return ""
