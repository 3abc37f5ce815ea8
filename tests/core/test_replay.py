"""A replay gives what the engine gives event by event, whatever comes and in which order."""

from hypothesis import given, settings
from hypothesis import strategies as st

from legwatch.engine import MOST_WINDOWS, advance, replay, start
from legwatch.events import Ack, Away, Event, Tick, Window
from legwatch.testing import night, uncovering
from repository import rules

COLD = list(night(leg=uncovering((20, 90)), minutes=120))


def one_by_one(events: list[Event]) -> list[object]:
    state, found = start(), list[object]()
    for event in events:
        state, notices = advance(state, event, rules())
        found += notices
    return found


def late(index: int, by_s: int) -> Window:
    window = COLD[index]
    return window._replace(from_ms=window.from_ms - by_s * 1000, to_ms=window.to_ms - by_s * 1000)


places = st.integers(0, len(COLD) - 1)
changes = st.lists(
    st.tuples(
        places,
        st.one_of(
            st.builds(late, places, st.sampled_from((-7, 5, 30, 90, 601, 7200))),
            st.builds(lambda place: Tick(COLD[place].to_ms), places),
            st.builds(lambda place: Ack(COLD[place].to_ms), places),
            st.builds(lambda place: Away(COLD[place].to_ms), places),
        ),
    ),
    max_size=6,
)


@settings(max_examples=15)
@given(changes=changes, begin=st.integers(0, 12))
def test_a_replay_is_what_the_engine_gives_event_by_event(
    changes: list[tuple[int, Event]], begin: int
) -> None:
    events: list[Event] = list(COLD[begin:])
    for place, event in changes:
        events.insert(place, event)
    assert list(replay(events, rules())) == one_by_one(events)


def test_a_minute_of_too_many_windows_is_cut_as_by_the_engine() -> None:
    many = [COLD[601]._replace(seq=n, moves=n % 3) for n in range(MOST_WINDOWS + 50)]
    events: list[Event] = [*COLD[:601], *many, *COLD[601:]]
    assert list(replay(events, rules())) == one_by_one(events) != []
