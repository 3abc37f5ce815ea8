"""Whom `legwatch up` names after a native end: the one it was, or all that it may have been."""

from pathlib import Path

import pytest

from legwatch_runtime.calls import Running
from legwatch_server.left_out import Row, also
from legwatch_server.supervisor.last_words import LastWords

LOG = Path("/x/agent.log")
ONE, TWO = (f"driver '{name}' (kit.drv:{name.title()} of kit 1.0)" for name in ("warm", "still"))


def dumped(thread: int, *frames: str) -> LastWords:
    """Return what was heard of an agent with two drivers in one file."""
    words = LastWords()
    for what in (ONE, TWO):
        words.hear(f"INFO sensors.leg: importing {what}")
        words.hear(f"INFO sensors.leg: starting {what}")
    words.hear("INFO agent up")
    words.hear("Fatal Python error: Aborted")
    words.hear(f"Current thread 0x{thread:016x} (most recent call first):")
    for frame in frames:
        words.hear(f'  File "{frame}')
    words.hear("")
    words.hear("Thread 0x0000000000000007 (most recent call first):")
    words.hear('  File "/site/kit/drv.py", line 99 in other')
    return words


DEEP = ('/site/kit/drv.py", line 29 in deeper', '/site/kit/drv.py", line 12 in seen')


@pytest.mark.parametrize(("thread", "named"), [(7, ONE), (8, TWO)])
def test_the_call_of_the_thread_that_failed_is_named_with_the_line_of_its_method(
    thread: int, named: str
) -> None:
    calling = [Running(7, f"calling {ONE}"), Running(8, f"calling {TWO}")]
    said = f" It was calling {named}, in line 12 of /site/kit/drv.py: update that package, or"
    assert dumped(thread, *DEEP).at_end(-6, LOG, calling).startswith(said)


def test_a_thread_that_is_not_noted_may_be_of_any_driver_of_that_file() -> None:
    said = (
        " Probably one of these has ended it, in line 12 of /site/kit/drv.py:"
        f" calling {ONE}; calling {TWO}. Update its package, or take it out of the settings."
        f" Its log: {LOG}"
    )
    beside = [Running(7, "calling driver 'x' (odd:X of odd 1.0)")]
    for calling in ([], beside):
        assert dumped(9, *DEEP).at_end(-6, LOG, calling) == said


def test_nobody_is_blamed_for_what_legwatch_was_doing_in_another_thread() -> None:
    words = dumped(9, '/site/legwatch_device/app.py", line 3 in run')
    said = f" Its last word: INFO agent up. Its log: {LOG}"
    assert words.at_end(-6, LOG, [Running(7, f"calling {ONE}")]) == said


def test_all_starts_that_were_open_are_named_when_nothing_else_is_known() -> None:
    words = LastWords()
    words.hear("INFO sensors.room: starting driver 'iio_mat' (ex:Mat of ex 1.0)")
    one = [Running(7, f"starting {ONE}")]
    assert words.at_end(7, LOG, one).startswith(f" It was starting {ONE}: update that package")
    both = [*one, Running(8, f"starting {TWO}"), Running(9, f"starting {TWO}")]
    said = f" Probably one of these has ended it: starting {ONE}; starting {TWO}. Update its"
    assert words.at_end(7, LOG, both).startswith(said)


FULL, OTHER = (f"calling channel '{name}' (a:B of c 1.0), in send" for name in ("full", "other"))


def ends(*each: tuple[list[str], float]) -> list[str]:
    row = Row()
    return [row.ended(blamed, ran_s) for blamed, ran_s in each]


def test_a_channel_is_left_out_after_three_ends_in_a_row_in_its_calls() -> None:
    assert ends(*[([FULL], 5.0)] * 4) == ["", "", "full", ""]
    withdraw = FULL.replace("send", "withdraw")
    assert ends(([FULL], 5.0), ([FULL, OTHER], 5.0), ([withdraw], 5.0))[-1] == "full"


@pytest.mark.parametrize(
    "between",
    [([], 5.0), ([OTHER], 5.0), ([FULL], 700.0), ([f"calling {ONE}"], 5.0)],
)
def test_another_end_or_a_long_run_between_begins_a_new_row(
    between: tuple[list[str], float],
) -> None:
    one = ([FULL], 5.0)
    assert not any(ends(one, one, between, one))


def test_of_two_that_are_called_each_time_none_is_left_out() -> None:
    assert not any(ends(*[([FULL, OTHER], 5.0)] * 5))


def test_the_next_start_hears_of_each_that_is_left_out() -> None:
    assert also(also({"A": "b"}, "full"), "odd") == {"A": "b", "LEGWATCH_LEFT_OUT": "full,odd"}
