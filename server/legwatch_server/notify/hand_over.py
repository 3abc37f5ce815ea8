"""The order in which people wait for their turn, beside the order of the roster."""

from collections.abc import Iterable, Mapping, Sequence

from legwatch_server.store.delivery import Delivery


def first_due(waiting: Iterable[Delivery], now_ms: int) -> dict[str, int]:
    """Return when each person is due; whoever is overdue is due now."""
    found: dict[str, int] = {}
    for delivery in waiting:
        due_ms = max(now_ms, delivery.due_ms)
        found[delivery.person] = min(due_ms, found.get(delivery.person, due_ms))
    return found


def follows(names: Sequence[str], due_ms: Mapping[str, int]) -> bool:
    """Return True if nobody is due before a person who comes earlier in the order."""
    dues = [due_ms[name] for name in names if name in due_ms]
    return dues == sorted(dues)
