"""What waits for the writer: in the order in which it came, counted by messages, none twice."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from legwatch_server.inbox import BedExpected, Request
from legwatch_server.waiting import Waiting


def named(*numbers: int) -> list[Request]:
    return [BedExpected(str(number)) for number in numbers]


@given(st.lists(st.integers(0, 5), max_size=12), st.lists(st.integers(1, 7), min_size=1))
def test_all_is_taken_in_order_and_counted_by_messages(sizes: list[int], mosts: list[int]) -> None:
    waiting, put, taken = Waiting(), list[Request](), list[Request]()
    for size in sizes:
        coming = named(*range(len(put), len(put) + max(1, size)))
        put += coming
        waiting.put_all(coming) if size else waiting.put(coming[0])
    waiting.put_all([])
    assert waiting.count() == len(put)
    for most in mosts * (len(put) + 1):
        found, over = waiting.take(0, most)
        assert len(found) == min(most, len(put) - len(taken))
        assert not over
        taken += found
        assert waiting.count() == len(put) - len(taken)
    assert taken == put


def test_the_end_comes_behind_what_was_put_before_it() -> None:
    waiting = Waiting()
    waiting.put_all(named(1, 2, 3))
    waiting.put(None)
    waiting.put_all(named(4))
    assert waiting.take(0, 2) == (named(1, 2), False)
    assert waiting.take(0, 2) == (named(3), True)


def test_who_waits_is_woken_by_a_list() -> None:
    waiting = Waiting()
    threading.Thread(target=waiting.put_all, args=(named(1, 2),)).start()
    assert waiting.take(10, 9)[0][:2] == named(1, 2)
    assert waiting.take(0.01, 9) == ([], False)
