"""A night of one bed as it was lived: what its engine was given, in order, and what came of it.

The server notes what it does to a bed's state besides handing it windows. So the night can be
replayed from the state of its noon, under the same limits and under others.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from legwatch.alerting.notice import Notice
from legwatch.engine import BedState, advance, begin, end, expect, go_on, set_up, sounded, start
from legwatch.events import Ack, Away, Event, Snooze, Tick, Window
from legwatch.limits.rules import Rules
from legwatch.moments import shifted

Change = Callable[[Rules], Rules]


class Restarted(NamedTuple):
    """The server was started again; the bed's time went on from here."""

    at_ms: int


class NewRules(NamedTuple):
    """From now on the bed was judged by these limits."""

    rules: Rules


class SetUp(NamedTuple):
    """The agent has said which sensors it has."""

    sensors: tuple[str, ...]


class Expected(NamedTuple):
    """The time of the bed began without a window."""

    at_ms: int


class Dropped(NamedTuple):
    """The bed, of which nothing had ever come, was expected no longer."""

    at_ms: int


class Begun(NamedTuple):
    """A recording began, or the sensors after one; the first window ends then."""

    to_ms: int


class Rested(NamedTuple):
    """The bed was watched no longer, or again."""

    at_ms: int
    watched: bool


class WatchedAgain(NamedTuple):
    """The bed, whose windows come from its sensors, was watched again from then on."""

    at_ms: int


class Moved(NamedTuple):
    """The clock was set: all moments got names that are later by `by_ms`."""

    by_ms: int


class Excused(NamedTuple):
    """The server could not receive until `until_ms`; after that the bed's time was `at_ms`."""

    until_ms: int
    at_ms: int


class Pressed(NamedTuple):
    """A button was pressed that answers no alert, such as `cramp`."""

    at_ms: int
    button: str


class Told(NamedTuple):
    """People were told a fact that the server knows and no limit decides."""

    notice: Notice


class Sounded(NamedTuple):
    """The bedside had told a warning with a sound by itself, and that is over."""

    at_ms: int


class Lost(NamedTuple):
    """The state of the bed could not be read at a start: what comes after is not known."""

    at_ms: int


_Told = (
    Restarted | NewRules | SetUp | Expected | Dropped | Begun | Rested | WatchedAgain | Moved
    | Excused | Pressed | Sounded
)  # fmt: skip
Entry = Event | _Told | Told | Lost


class Lived(NamedTuple):
    """One entry as it came. `late`: a window that was stored, and not judged."""

    entry: Entry
    arrived_ms: int | None = None  # of a window
    late: bool = False
    who: str | None = None  # gave an answer


class Given(NamedTuple):
    """A notice as it was given that night, with its text in English."""

    notice: Notice
    text: str
    who: str | None = None


class LivedNight(NamedTuple):
    """One night of one bed, from noon to noon.

    `missing`: why it cannot be replayed as it was lived; empty: it can.
    """

    bed: str
    night: str  # ISO date of its evening
    zone: str
    from_ms: int
    to_ms: int
    state: BedState | None
    rules: Rules | None
    entries: tuple[Lived, ...]
    given: tuple[Given, ...]
    missing: str = ""


def as_lived(rules: Rules) -> Rules:
    """Change no limit."""
    return rules


def relive(night: LivedNight, change: Change = as_lived) -> Iterator[Notice]:
    """Yield the notices of a night; `change` gives other limits than those of that night.

    Raises ValueError for a night of which something is missing.
    """
    if night.state is None or night.rules is None or night.missing:
        raise ValueError(night.missing or "a night without its begin")
    state, rules = night.state, change(night.rules)
    for lived in night.entries:
        if isinstance(lived.entry, NewRules):
            rules = change(lived.entry.rules)
        elif not lived.late:
            state, notices = step(state, lived.entry, rules)
            yield from (one for one in notices if night.from_ms <= one.at_ms < night.to_ms)


def step(state: BedState, entry: Entry, rules: Rules) -> tuple[BedState, tuple[Notice, ...]]:
    """Do to a bed's state what the server did; return the new state and the notices."""
    match entry:
        case Window() | Ack() | Snooze() | Tick() | Away():
            return advance(state, entry, rules)
        case Restarted(at_ms):
            state, notices = advance(state, Tick(at_ms), rules)
            return state._replace(at_ms=min(state.at_ms, at_ms)), notices
        case Excused(until_ms, at_ms):
            state, notices = advance(state, Away(until_ms), rules)
            return state._replace(at_ms=min(state.at_ms, at_ms)), notices
        case SetUp(sensors):
            return set_up(state, sensors), ()
        case Expected(at_ms):
            return expect(state, at_ms), ()
        case Dropped():
            return start(), ()
        case Begun(to_ms):
            return begin(state, to_ms), ()
        case Rested(at_ms, watched):
            return (state, ()) if watched else end(state, at_ms)
        case WatchedAgain(at_ms):
            return go_on(state, at_ms, rules), ()
        case Moved(by_ms):
            return shifted(state, by_ms, rules), ()
        case Sounded(at_ms):
            return sounded(state, at_ms, rules), ()
        case Told(notice):
            return state, (notice,)
        case _:
            return state, ()
