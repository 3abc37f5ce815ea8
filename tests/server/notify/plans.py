"""Deliveries and people for tests of plans, without a store."""

from typing import Any

from legwatch.alerting.notice import Notice, TransitionKind
from legwatch.conditions.verdict import Reason, Severity
from legwatch.events import AlertKind
from legwatch.oncall.escalation import Purpose
from legwatch.settings import load
from legwatch_server.notify.planner import DeliveryPlanner
from legwatch_server.settings import ServerSettings
from legwatch_server.store.batch import NewNotice
from legwatch_server.store.delivery import Delivery, DeliveryState

NOW = 1_767_400_000_000
MINUTE_MS = 60_000
PEOPLE = {
    "anna": {"role": "sleeper", "channels": ["phone"]},
    "bert": {"channels": ["phone", "sms"]},
}


def planner(**people: Any) -> DeliveryPlanner:
    table = {"zone": "UTC", "rehearsal": {"at": ""}, "people": people or PEOPLE}
    return DeliveryPlanner(load(ServerSettings, table))


def new(transition: TransitionKind = TransitionKind.FIRED, **more: Any) -> NewNotice:
    kind = AlertKind.COLD
    severity = Severity.URGENT if more.pop("urgent", False) else Severity.WARNING
    notice = Notice(NOW, kind, transition, severity, Reason.COOLED, episode_ms=NOW, **more)
    return NewNotice(1, "b", notice, "text")


def row(ident: int, person: str = "anna", **more: Any) -> Delivery:
    """Return a loud push of the alert that is decided and due now."""
    first = Delivery(
        id=ident,
        notice_id=1,
        bed_id=1,
        kind="cold",
        episode_ms=NOW,
        person=person,
        channel="phone",
        rank=0,
        purpose=Purpose.LOUD,
        state=DeliveryState.DECIDED,
        attempt=0,
        decided_ms=NOW,
        due_ms=NOW,
        next_ms=NOW,
        sent_ms=None,
        receipt="",
        recall_ms=None,
    )
    return first._replace(**more)


def sent(ident: int, person: str = "anna", **more: Any) -> Delivery:
    """Return a push that the service has taken."""
    state = {"state": DeliveryState.SENT, "attempt": 1, "sent_ms": NOW, "receipt": "r"}
    return row(ident, person, **{**state, **more})
