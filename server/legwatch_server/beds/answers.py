"""Answers from links, apps and the command line: each counts once, and its sender hears of it."""

import logging
from collections.abc import Callable, Mapping, Sequence

from legwatch.alerting.alert import AlertState
from legwatch.alerting.notice import TransitionKind
from legwatch.alerting.trial_nights import is_silent
from legwatch.contract.action import Action, Answered, as_event
from legwatch.events import BODY_KINDS, AlertKind, Event
from legwatch.night import local
from legwatch_server.beds.registry import BedRecord
from legwatch_server.claims import LinkClaims, Target, TargetKind
from legwatch_server.inbox import ActionRequested, Noted, Outcome
from legwatch_server.store.batch import Batch, NewNotice
from legwatch_server.store.port import WriterStore

logger = logging.getLogger(__name__)

RETRY_MS = 60_000  # a second use of a link within this time counts as the phone's retry
# Passes an event to the engine for a person; returns the notices that follow.
Decide = Callable[[BedRecord, Event, str], Sequence[NewNotice]]


class Answers:
    """The answers of one batch; only the writer thread uses them."""

    def __init__(self, store: WriterStore, beds: Mapping[str, BedRecord], decide: Decide) -> None:
        self._store, self._beds, self._decide = store, beds, decide
        self.begin()

    def begin(self) -> None:
        """Start a new batch."""
        self._replies: list[tuple[ActionRequested, Outcome, Noted]] = []
        self._tokens: set[bytes] = set()

    def add(self, request: ActionRequested, batch: Batch, now_ms: int) -> None:
        """Process an answer; its sender hears of the outcome after the commit."""
        outcome = self._outcome(request, batch, now_ms)
        self._replies.append((request, outcome, self._noted(request.claims)))

    def reply(self) -> None:
        """Report the outcome to the sender of each answer; call only after the commit."""
        for request, outcome, noted in self._replies:
            try:
                request.tell(noted)
                request.reply(outcome)
            except Exception:  # the sender may be gone; the answer is committed anyway
                logger.exception(
                    "an answer by %s is stored, but its sender could not be reached", request.via
                )

    def _outcome(self, request: ActionRequested, batch: Batch, now_ms: int) -> Outcome:
        before = self._used_before(request, batch, now_ms)
        if before is not None:
            return before
        claims = request.claims
        target = self._store.target(claims.target, claims.id)
        if target is None or (target.bed and target.bed not in self._beds):
            return Outcome.GONE
        if target.bed and not self._react(self._beds[target.bed], target, request, now_ms):
            return Outcome.OVER
        self._tokens.add(request.token)
        action, minutes = claims.action, claims.minutes
        batch.answers.append(
            (
                now_ms, request.token or None, target.notice_id, target.bed_id,
                target.person or request.via, action.value, minutes or None, request.via,
            )
        )  # fmt: skip
        if claims.target is TargetKind.DELIVERY:
            batch.answered.append((claims.id, f"{action.value} by {request.via}"))
        return Outcome.DONE

    def _noted(self, claims: LinkClaims) -> Noted:
        """Return what an answer is about, as it stands after it."""
        target = self._store.target(claims.target, claims.id)
        bed = self._beds.get(target.bed) if target else None
        if target is None or bed is None:
            return Noted()
        kind = AlertKind(target.kind) if target.kind else None
        alerts = bed.state.bed.alerts
        if claims.action is not Action.SNOOZE:
            return Noted(
                bed.name, kind, over=kind is not None and _is_over(alerts.of(kind), target)
            )
        until_ms = (
            max(alerts.of(one).all_snoozed_until_ms or 0 for one in BODY_KINDS)
            if kind is None
            else alerts.of(kind).snoozed_until_ms or 0
        )
        until = f"{local(until_ms, bed.rules.zone):%H:%M}" if until_ms else ""
        learns, wanted = is_silent(bed.state.bed.trial), bool(bed.rules.alerts.learn_urgent)
        return Noted(bed.name, kind, until, learns=learns, cold_sounds=learns and wanted)

    def _used_before(self, request: ActionRequested, batch: Batch, now_ms: int) -> Outcome | None:
        """Return the outcome of an answer that came before; None: it is the first time."""
        if request.token:
            used_ms = self._store.used_ms(request.token)
            if used_ms is not None:
                return Outcome.AGAIN if now_ms - used_ms <= RETRY_MS else Outcome.USED
            return Outcome.AGAIN if request.token in self._tokens else None
        delivery = request.claims.id
        if request.claims.target is not TargetKind.DELIVERY:
            return None
        # Two polls of a service may report the same answer.
        noted = any(ident == delivery for ident, _ in batch.answered)
        return Outcome.AGAIN if noted or self._store.answered(delivery) else None

    def _react(self, bed: BedRecord, target: Target, request: ActionRequested, now_ms: int) -> bool:
        """Pass an answer to the engine; False if the alert to snooze has ended.

        For a played bed, the answer gets the recording's time.
        """
        at_ms = bed.state.at_ms if bed.played else now_ms
        kind = AlertKind(target.kind) if target.kind else None
        claims, to = request.claims, Answered(at_ms, kind, target.episode_ms or None)
        event = as_event(claims.action, claims.minutes, to, standing=kind is not None)
        if event is None:
            return True
        notices = self._decide(bed, event, target.person or request.via)
        snoozed = any(new.notice.transition is TransitionKind.SNOOZED for new in notices)
        return snoozed or claims.action is not Action.SNOOZE


def _is_over(alert: AlertState, target: Target) -> bool:
    """Return True if the alert that somebody has answered does not stand any more."""
    another = target.episode_ms not in (0, None, alert.episode_ms)
    return alert.severity is None or another
