"""Decoding: whatever comes is a value, and what ends the process is not tried for ever."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legwatch.contract.window import encode_window
from legwatch.testing import live_window
from legwatch_server.inbox import Arrived, Message, Unreadable, WindowArrived
from legwatch_server.ingest import decode as decoding
from legwatch_server.ingest.crash_guard import CRASHED, MOST_CRASHES, CrashGuard
from legwatch_server.ingest.decode import decode

GOOD = Message("legwatch/v1/b/window", encode_window(live_window(1, 1_767_390_000_000)), 0)
BAD = GOOD._replace(payload=b"bad")
topics = st.sampled_from(["window", "event", "info", "status", "state", "cmd/result", ""])


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def deadly(message: Message) -> Arrived:
    if message.payload == b"bad":
        raise Killed
    return decode(message)


@given(
    st.one_of(st.text(max_size=60), topics.map("legwatch/v1/b/{}".format)),
    st.one_of(st.binary(max_size=200), st.just(b"[" * 5000), st.just(b'{"v":1,"seq":1e999}')),
)
def test_anything_becomes_a_value(topic: str, payload: bytes) -> None:
    arrived = decode(Message(topic, payload, 0))
    if isinstance(arrived, Unreadable):
        assert arrived.why
    assert arrived.message == Message(topic, payload, 0)


def test_a_fault_of_the_decoder_is_said_and_the_message_kept(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_payload: bytes) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(decoding, "decode_window", broken)
    assert decode(GOOD) == Unreadable(GOOD, "ZeroDivisionError: ours")
    assert "cannot be decoded" in caplog.text


def start(path: Path, decode: Callable[[Message], Arrived] = deadly) -> CrashGuard:
    return CrashGuard(decode, path)


def test_what_ends_the_process_is_decoded_no_more_after_some_starts(tmp_path: Path) -> None:
    path = tmp_path / "decoding"
    for _ in range(1 + MOST_CRASHES):
        with pytest.raises(Killed):
            start(path).decode(BAD)
    guard = start(path)
    assert guard.decode(BAD) == Unreadable(BAD, CRASHED)
    assert isinstance(guard.decode(GOOD), WindowArrived)
    assert guard.decode(BAD) == Unreadable(BAD, CRASHED)  # the broker may have more copies


def test_a_message_that_a_kill_has_hit_by_chance_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "decoding"
    unlucky = GOOD._replace(payload=GOOD.payload)
    for _ in range(20):  # killed again and again, but each time while it was at something else
        guard = start(path)
        assert isinstance(guard.decode(unlucky), WindowArrived)
        with pytest.raises(Killed):
            guard.decode(BAD._replace(topic=f"legwatch/v1/b{_}/window"))
    assert isinstance(start(path).decode(unlucky), WindowArrived)


@pytest.mark.parametrize("fault", [MemoryError(), OSError("no more files")])
def test_a_good_message_is_not_refused_since_the_machine_is_short_of_something(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def short(_payload: bytes) -> None:
        raise fault

    guard = CrashGuard(decode)
    with monkeypatch.context() as patch:
        patch.setattr(decoding, "decode_window", short)
        with pytest.raises(type(fault)):
            guard.decode(GOOD)  # the broker sends again what is not acknowledged
    assert isinstance(guard.decode(GOOD), WindowArrived)


def test_what_fails_each_time_in_one_process_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def short(_payload: bytes) -> None:
        raise MemoryError

    monkeypatch.setattr(decoding, "decode_info", short)
    waiting = [Message(f"legwatch/v1/{bed}/info", b"{}", 0) for bed in "ab"] + [GOOD]
    guard, restarts = CrashGuard(decode), 0
    while True:  # as the broker does: all again after each restart
        try:
            arrived = [guard.decode(message) for message in waiting]
            break
        except MemoryError:
            restarts += 1
            assert restarts <= 2 * (1 + MOST_CRASHES)
    assert arrived[:2] == [Unreadable(message, CRASHED) for message in waiting[:2]]
    assert isinstance(arrived[2], WindowArrived)


def test_without_a_file_it_remembers_as_long_as_it_runs() -> None:
    guard = CrashGuard(deadly)
    for _ in range(1 + MOST_CRASHES):
        with pytest.raises(Killed):
            guard.decode(BAD)
    assert guard.decode(BAD) == Unreadable(BAD, CRASHED)
    assert isinstance(guard.decode(GOOD), WindowArrived)


def test_a_file_that_cannot_be_used_stops_no_message(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    guard = start(tmp_path / "no folder" / "decoding", decode)
    assert isinstance(guard.decode(GOOD), WindowArrived)
    assert "no crash will be remembered" in caplog.text
