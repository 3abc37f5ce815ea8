"""The wire contract of commands: what is read, and what is refused and why."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from legwatch.contract.bedside_command import (
    LONGEST_WHY,
    Cmd,
    Command,
    CommandResult,
    Loudness,
    decode_command,
    decode_result,
    encode_command,
    encode_result,
)
from legwatch.contract.fields import MAX_PAYLOAD_BYTES
from legwatch.contract.topics import RETAINED, Channel, split, topic
from legwatch.errors import WireError

IDS = st.from_regex(r"[0-9a-zA-Z-]{1,64}", fullmatch=True)
LINES = st.text(max_size=LONGEST_WHY).filter(str.isprintable)
COMMAND: dict[str, Any] = {"v": 1, "id": "n-1", "cmd": "nudge", "tone": "loud"}
RESULT: dict[str, Any] = {"v": 1, "id": "n-1", "ok": False, "why": "there is no lamp"}


THREADS = st.from_regex(r"[a-z0-9-]{0,40}", fullmatch=True)


@given(st.builds(Command, IDS, st.sampled_from(Cmd), st.sampled_from(Loudness), THREADS))
def test_a_command_survives_the_wire(command: Command) -> None:
    assert decode_command(encode_command(command)) == command


@given(st.builds(CommandResult, IDS, st.booleans(), LINES))
def test_an_answer_survives_the_wire(result: CommandResult) -> None:
    assert decode_result(encode_result(result)) == result


@given(st.text(max_size=3 * LONGEST_WHY))
def test_whatever_a_driver_says_becomes_an_answer_that_is_read(why: str) -> None:
    raw = encode_result(CommandResult("a", ok=False, why=why))
    assert len(raw) <= MAX_PAYLOAD_BYTES
    assert decode_result(raw).why == "".join(c if c.isprintable() else " " for c in why)[:200]


def test_the_documented_messages_are_written_and_read() -> None:
    command = Command("n-1", Cmd.NUDGE, Loudness.LOUD)
    assert encode_command(command) == json.dumps(COMMAND, separators=(",", ":")).encode()
    assert decode_command(json.dumps(COMMAND).encode()) == command
    result = CommandResult("n-1", ok=False, why="there is no lamp")
    assert encode_result(result) == json.dumps(RESULT, separators=(",", ":")).encode()


def test_what_is_not_said_is_quiet_and_needs_no_reason() -> None:
    assert decode_command(b'{"v":1,"id":"a","cmd":"nudge"}').loudness is Loudness.QUIET
    assert decode_result(b'{"v":1,"id":"a","ok":true}') == CommandResult("a", ok=True)


def test_a_newer_servers_extra_key_is_passed_over() -> None:
    raw = json.dumps({**COMMAND, "colour": "amber"}).encode()
    assert decode_command(raw).id == "n-1"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("v", 2), ("v", True), ("v", None), ("id", ""), ("id", "a b"), ("id", "x" * 65),
        ("id", 7), ("id", "ü"), ("id", "a\n"), ("cmd", "warm"), ("cmd", None), ("cmd", []),
        ("cmd", {}), ("cmd", "NUDGE"), ("tone", "shrill"), ("tone", 1), ("tone", None),
        ("tone", ["loud"]), ("thread", 1), ("thread", "A"), ("thread", "x" * 41), ("thread", None),
    ],
)  # fmt: skip
def test_a_wrong_command_is_refused_and_its_key_named(key: str, value: object) -> None:
    with pytest.raises(WireError, match=key):
        decode_command(json.dumps({**COMMAND, key: value}).encode())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("v", 0), ("id", None), ("id", "a/b"), ("ok", 1), ("ok", "yes"), ("ok", None),
        ("why", 3), ("why", None), ("why", "x" * 201), ("why", "two\nlines"), ("why", "\ud800"),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_refused_and_its_key_named(key: str, value: object) -> None:
    with pytest.raises(WireError, match=key):
        decode_result(json.dumps({**RESULT, key: value}).encode())


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{}", b"[" * 4000])
def test_what_is_no_message_is_refused(payload: bytes) -> None:
    for decode in (decode_command, decode_result):
        with pytest.raises(WireError):
            decode(payload)


T = TypeVar("T")


def reread(payload: bytes, decode: Callable[[bytes], T], encode: Callable[[T], bytes]) -> T | None:
    """Decode, encode and decode again; None: refused with WireError, and nothing else is raised."""
    try:
        message = decode(payload)
    except WireError:
        return None
    assert decode(encode(message)) == message
    return message


@given(st.binary(max_size=MAX_PAYLOAD_BYTES))
def test_no_bytes_raise_anything_else(payload: bytes) -> None:
    assert reread(payload, decode_command, encode_command) is None
    assert reread(payload, decode_result, encode_result) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(["v", "id", "cmd", "tone", "thread", "ok", "why"])


@given(change=st.dictionaries(KEYS, JSON), whole=st.booleans())
@example(change={}, whole=True)
def test_no_json_raises_anything_else(change: dict[str, Any], whole: bool) -> None:
    body = {**COMMAND, **RESULT, **change} if whole else change
    raw = json.dumps(body).encode()
    command = reread(raw, decode_command, encode_command)
    result = reread(raw, decode_result, encode_result)
    if whole and not change:
        assert command
        assert result


def test_commands_and_answers_have_their_topics_and_are_never_retained() -> None:
    assert topic("anna", Channel.CMD) == "legwatch/v1/anna/cmd"
    assert topic("anna", Channel.RESULT) == "legwatch/v1/anna/cmd/result"
    assert split("legwatch/v1/anna/cmd/result") == ("anna", Channel.RESULT)
    assert not {Channel.CMD, Channel.RESULT} & RETAINED
