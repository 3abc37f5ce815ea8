"""The topic `event`: a press, or what a bedside has told its sleeper by itself."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legwatch.contract.event import decode_event
from legwatch.contract.press import Press, decode_press, encode_press
from legwatch.contract.told_at_bed import LEVELS, AtBed, ToldAtBed, encode_told
from legwatch.errors import WireError
from legwatch.events import AlertKind, ClockTrust

LATEST = 4_102_444_800_000
TOLD = st.builds(
    ToldAtBed,
    id=st.from_regex(r"[0-9a-zA-Z-]{1,64}", fullmatch=True),
    what=st.sampled_from(AtBed),
    kind=st.sampled_from(AlertKind),
    at_ms=st.integers(0, LATEST),
    level=st.sampled_from(LEVELS),
    episode_ms=st.integers(0, LATEST),
    clock=st.sampled_from([one.value for one in ClockTrust]),
    age_ms=st.none() | st.integers(0, 2**53),
)
GOOD: dict[str, Any] = {
    "v": 1, "id": "t-1", "told": "lamp", "kind": "cold", "at_ms": 5, "level": "warning",
    "episode_ms": 0,
}  # fmt: skip


@given(TOLD)
def test_what_was_told_is_read_as_it_was_written(told: ToldAtBed) -> None:
    assert decode_event(encode_told(told)) == told


def test_a_press_is_read_as_ever() -> None:
    press = Press("p1", "ack", 5)
    assert decode_event(encode_press(press)) == press


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""}, {"id": "a b"}, {"id": 1}, {"told": "horn"}, {"told": None}, {"told": []},
        {"kind": "damp"}, {"kind": None}, {"level": "loud"}, {"level": 1}, {"at_ms": -1},
        {"at_ms": True}, {"episode_ms": None}, {"clock": "x"}, {"age_ms": -1}, {"v": 2},
    ],
)  # fmt: skip
def test_a_wrong_one_is_refused(change: dict[str, Any]) -> None:
    assert decode_event(json.dumps(GOOD).encode())
    with pytest.raises(WireError):
        decode_event(json.dumps(GOOD | change).encode())


@given(TOLD)
def test_an_older_server_refuses_it_and_reads_its_id(told: ToldAtBed) -> None:
    """It sets the message aside and confirms it by its id, so the bedside lets go of it."""
    payload = encode_told(told)
    with pytest.raises(WireError, match="button"):
        decode_press(payload)
    assert json.loads(payload)["id"] == told.id
