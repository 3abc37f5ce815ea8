"""The state of a bed as JSON: msgspec and the standard library write the same."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legwatch import bedside, state_codec
from legwatch.bedside import Bedside
from legwatch.contract.bedside_info import BedsideInfo
from legwatch.engine import advance, start
from legwatch.state_codec import from_json
from legwatch.testing import night, uncovering
from legwatch_server.beds.state_json import side_json, to_json
from repository import rules


def test_each_minute_of_a_night_is_written_to_the_byte_and_read_back() -> None:
    state, different = start(), 0
    for window in night(leg=uncovering((60, 100), uncovered_c=22), minutes=180):
        state, _ = advance(state, window, rules())
        text = to_json(state)
        assert from_json(text) == from_json(state_codec.to_json(state)) == state
        different += text != state_codec.to_json(state)
    assert not different


@given(st.text(max_size=20), st.integers(0, 2**40))
def test_what_is_known_of_an_agent_is_read_back(text: str, number: int) -> None:
    info = BedsideInfo(text, "9f2c41d0", lost=number, sensors=(("leg", "dht22"),), zone=text)
    side = Bedside(info, online=True, gone_ms=number, mute_said=("leg",))
    assert bedside.known(side_json(side)) == bedside.known(bedside.to_json(side)) == side


@given(st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20))
def test_any_number_and_any_text_is_read_back(number: float, text: str) -> None:
    state = start()
    signals = state.bed.signals._replace(leg=state.bed.signals.leg._replace(celsius=number))
    state = state._replace(bed=state.bed._replace(signals=signals))
    assert from_json(to_json(state)) == state
    odd = state._replace(open_windows=(text,))  # type: ignore[arg-type]
    assert json.loads(to_json(odd))[1][1] == [text]


def test_half_a_character_is_written_by_the_other_encoder() -> None:
    state = start()._replace(open_windows=("\ud800",))  # type: ignore[arg-type]
    assert to_json(state) == state_codec.to_json(state)


@pytest.mark.parametrize("missing", ["msgspec", "msgspec.json"])
def test_without_msgspec_the_standard_library_writes(missing: str) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from legwatch_server.beds.state_json import to_json\n"
        "from legwatch import state_codec\n"
        "print(to_json is state_codec.to_json)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "True"
