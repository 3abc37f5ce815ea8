"""The note of what is called: the supervisor reads it after its child has ended."""

import os
import threading
from collections.abc import Iterator

import pytest

from legwatch_runtime import calls
from legwatch_runtime.calls import Call, Running


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    made = calls.made()
    assert made is not None
    monkeypatch.setenv(calls.FD, str(made))
    monkeypatch.setattr(calls, "_looked", False)
    monkeypatch.setattr(calls, "_memory", None)
    yield made
    os.close(made)


def test_several_calls_are_open_each_with_its_thread(file: int) -> None:
    begun, end = threading.Event(), threading.Event()
    threads: list[int] = []

    def start() -> None:
        threads.append(threading.get_ident())
        with Call("driver 'b'", "starting"):
            begun.set()
            end.wait(10)

    other = threading.Thread(target=start)
    with Call("driver 'a'"):
        other.start()
        assert begun.wait(10)
        here = Running(threading.get_ident(), "calling driver 'a'")
        assert calls.running(file) == [here, Running(threads[0], "starting driver 'b'")]
        end.set()
        other.join()
        assert calls.running(file) == [here]
    assert calls.running(file) == []


def test_an_empty_name_is_not_noted_and_a_long_one_is_cut(file: int) -> None:
    with Call(""), Call("x" * 1000):
        (found,) = calls.running(file)
    assert found.what == "calling " + "x" * (calls.SLOT_BYTES - calls.THREAD_DIGITS - 8)
    assert calls.running(file) == []


def test_who_ends_by_its_own_will_notes_nothing_more(file: int) -> None:
    with Call("driver 'a'"):
        calls.forget()
        assert calls.running(file) == []
        with Call("driver 'b'"):
            assert calls.running(file) == []


def test_another_file_under_the_number_is_not_written_to(
    file: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = os.memfd_create("another")
    try:
        os.ftruncate(other, calls.SLOTS * calls.SLOT_BYTES)
        monkeypatch.setenv(calls.FD, str(other))
        with Call("driver 'a'"):
            assert not any(os.pread(other, calls.SLOTS * calls.SLOT_BYTES, 0))
    finally:
        os.close(other)


def test_more_calls_than_places_run_all_the_same(file: int) -> None:
    opened = [Call(f"driver {number:03}") for number in range(calls.SLOTS + 1)]
    for call in opened:
        call.__enter__()
    assert len(calls.running(file)) == calls.SLOTS
    for call in opened:
        call.__exit__(None, None, None)
    assert calls.running(file) == []
