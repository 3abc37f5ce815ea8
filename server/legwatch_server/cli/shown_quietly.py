"""Was an alert that can wait until morning shown to anybody? In words for the commands."""

from legwatch_server.store.delivery import FOLLOWED, DeliveryState
from legwatch_server.store.records import NoticeRecord

_OPEN = (DeliveryState.DECIDED, DeliveryState.CLAIMED, DeliveryState.RETRY)


def sentence(record: NoticeRecord) -> str:
    """Return whether it was shown without a sound, as a sentence."""
    if is_sent(record):
        return "It was shown without a sound."
    if _waits(record):
        return "It has been shown to nobody yet: the push has not got through so far."
    return f"It was shown to nobody{': the push did not get through' if _failed(record) else ''}."


def in_short(record: NoticeRecord) -> str:
    """Return the same in some words, for a list."""
    if is_sent(record):
        return "told quietly"
    if _waits(record):
        return "shown to nobody yet"
    return f"shown to nobody{': the push did not get through' if _failed(record) else ''}"


def is_sent(record: NoticeRecord) -> bool:
    """Return True if a service has taken a push."""
    return any(step.state in FOLLOWED for step in record.steps)


def _waits(record: NoticeRecord) -> bool:
    """Return True while a push is still to be sent."""
    last = {step.delivery: step.state for step in record.steps}
    return any(state in _OPEN for state in last.values())


def _failed(record: NoticeRecord) -> bool:
    return any(step.state is DeliveryState.FAILED for step in record.steps)
