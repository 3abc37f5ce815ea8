"""What some columns can hold beyond their type: the words and the JSON that readers expect.

A row of a damaged file with another value is not saved over: each reader of it would fail.
"""

import json
from collections.abc import Callable, Mapping
from enum import StrEnum

from legwatch.alerting.notice import SuppressedBy, TransitionKind
from legwatch.conditions.verdict import Reason, Severity
from legwatch.events import AlertKind, FactKind
from legwatch.oncall.escalation import Purpose
from legwatch_server.store.delivery import DeliveryState


def _one_of(*words: type[StrEnum]) -> Callable[[object], bool]:
    return frozenset(str(word) for one in words for word in one).__contains__


def _is_object(text: object) -> bool:
    try:
        return isinstance(json.loads(str(text)), dict)
    except (ValueError, RecursionError):
        return False


TESTS: Mapping[tuple[str, str], Callable[[object], bool]] = {
    ("deliveries", "state"): _one_of(DeliveryState),
    ("deliveries", "tone"): _one_of(Purpose),
    ("notices", "kind"): _one_of(AlertKind, FactKind),
    ("notices", "what"): _one_of(TransitionKind),
    ("notices", "level"): _one_of(Severity),
    ("notices", "reason"): _one_of(Reason),
    ("notices", "held"): _one_of(SuppressedBy),
    ("notices", "figures"): _is_object,
    ("steps", "state"): _one_of(DeliveryState),
}
