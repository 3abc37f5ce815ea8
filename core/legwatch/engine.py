"""The engine: `advance(state, event, rules) -> (state, notices)`. STUB being written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from legwatch.events import Event, Kind
from legwatch.notice import Level, Notice, Reason
from legwatch.rules import Rules


@dataclass(frozen=True, slots=True)
class State:
    """All that is remembered of one bed; O(1)."""

    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it stands, for `alert/<kind>`."""

    kind: Kind
    level: Level
    reason: Reason
    since_ms: int
    acknowledged: bool
    snoozed_until_ms: int | None
    judged: bool  # False: it can no longer be judged (unknown)


@dataclass(frozen=True, slots=True)
class View:
    """What the bed looks like now, for `state` and the dashboards; None is unknown."""

    at_ms: int
    in_bed: bool | None
    legs: str  # warm, cold, unknown
    still_s: int | None
    leg_c: float | None
    room_c: float | None
    alerts: tuple[Alert, ...]


def start() -> State:
    """Return the state of a bed of which nothing is known."""
    return State()


def advance(state: State, event: Event, rules: Rules) -> tuple[State, tuple[Notice, ...]]:
    """Take one event in; return the new state and what was decided."""
    return State(event.at_ms), ()


def due(state: State, rules: Rules) -> int | None:
    """Return when the state next changes by itself, UTC milliseconds, or None."""
    return None


def replay(events: Iterable[Event], rules: Rules) -> Iterator[Notice]:
    """Yield what is decided over a night, from a fresh state."""
    state = start()
    for event in events:
        state, notices = advance(state, event, rules)
        yield from notices


def view(state: State, rules: Rules) -> View | None:
    """Return what the bed looks like, or None before the first window."""
    return None


def to_json(state: State) -> str:
    """Write a state as JSON; `from_json` gives an equal state back."""
    return str(state.at_ms)


def from_json(text: str) -> State:
    """Read a state back; raises ValueError when it is not one."""
    return State(int(text))
