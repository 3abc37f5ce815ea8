"""The clock of an agent on the server's time line, whatever the windows have waited for."""

from collections.abc import Iterator, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from legwatch_server.ingest.anchor import NEAR_MS, SPAN_MS, Anchor, Sign, after, moved

TEN_S = 10_000
ZERO_MS = 1_767_394_800_000  # when the agent's machine was started
SLOWEST_MS = 3_000  # of a network that works

# (windows that come as they are measured, windows that then wait for the broker's next connection)
Outages = Sequence[tuple[int, int]]
outages = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 60)), min_size=1, max_size=6)
slow = st.lists(st.integers(0, SLOWEST_MS), min_size=1, max_size=20)


def arrivals(course: Outages, delays: Sequence[int]) -> Iterator[Sign]:
    """Yield what each window says."""
    seq = 0
    for live, waiting in course:
        for n in range(live + waiting):
            seq += 1
            mono_ms, delay_ms = seq * TEN_S, delays[seq % len(delays)]
            if n >= live:  # all that wait arrive with the last of them
                delay_ms += (live + waiting - 1 - n) * TEN_S
            arrived_ms = ZERO_MS + mono_ms + delay_ms
            yield Sign(mono_ms, arrived_ms, arrived_ms - mono_ms)


@settings(max_examples=25)
@given(outages, slow)
def test_a_window_is_placed_where_it_was_measured_whatever_waits(
    course: Outages, delays: list[int]
) -> None:
    found: Anchor | None = None
    for sign in arrivals([(2, 0), *course], delays):
        found = after(found or Anchor(sign.zero_ms, sure=True), sign)
        assert 0 <= found.zero_ms - ZERO_MS <= SLOWEST_MS


@settings(max_examples=25)
@given(outages, slow, st.integers(-NEAR_MS * 100, -NEAR_MS))
def test_an_anchor_that_is_too_early_is_mended_by_live_windows(
    course: Outages, delays: list[int], early_ms: int
) -> None:
    """As after a step of the server's clock that nobody has noticed, or a hint that was wrong."""
    found, came = Anchor(ZERO_MS + early_ms, sure=True), 2 * SPAN_MS // TEN_S + 2
    for sign in arrivals([*course, (came, 0)], delays):
        found = after(found, sign)
    assert 0 <= found.zero_ms - ZERO_MS <= SLOWEST_MS


@settings(max_examples=25)
@given(slow, st.integers(1, 400))
def test_of_a_queue_nothing_is_sure_until_a_window_comes_live(
    delays: list[int], waiting: int
) -> None:
    found = Anchor(ZERO_MS + waiting * TEN_S, sure=False)
    signs = list(arrivals([(0, waiting), (3, 0)], delays))
    for sign in signs[:waiting]:
        found = after(found, sign)
        assert not found.sure
    for sign in signs[waiting:]:
        found = after(found, sign)
    assert found.sure
    assert 0 <= found.zero_ms - ZERO_MS <= SLOWEST_MS


def test_a_move_of_the_time_line_moves_the_anchor_and_begins_a_new_span() -> None:
    sign = Sign(TEN_S, ZERO_MS + TEN_S, ZERO_MS)
    there = moved(after(Anchor(ZERO_MS, sure=True), sign), 3_600_000)
    assert (there.zero_ms, there.sure, there.since) == (ZERO_MS + 3_600_000, True, None)
