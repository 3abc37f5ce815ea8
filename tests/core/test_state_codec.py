"""States as JSON: version 3 is written, versions 1 and 2 are read, anything else is refused."""

import json
from typing import Any

import pytest

from legwatch.bed import Found
from legwatch.conditions.cover import Cover
from legwatch.engine import BedState, start
from legwatch.observation import Signals
from legwatch.state_codec import from_json, to_json
from legwatch.testing import drive, night, uncovering
from older_states import as_v1
from repository import rules


def cold_state(minutes: int = 220) -> BedState:
    """Return a state in which an alert is firing, in the middle of a minute."""
    windows = list(night(minutes=minutes, leg=uncovering((200, 300)), rh=lambda m: 50 + m % 3))
    state, _ = drive(start(), windows[:-2], rules())
    assert state.bed.alerts.cold.severity is not None
    assert state.open_windows
    return state


def test_a_state_of_version_1_is_read_but_for_what_it_did_not_keep() -> None:
    state = cold_state()
    read = from_json(json.dumps(as_v1(to_json(state))))
    assert read.bed.found == Found(legs=state.bed.found.legs)
    kept = read.bed.signals[:9]
    assert kept == state.bed.signals[:9]
    assert read.bed.cold == state.bed.cold._replace(before_fall_c=None, cover=Cover())
    signals = Signals(*kept, *state.bed.signals[9:])
    assert (
        read._replace(
            bed=read.bed._replace(
                found=state.bed.found,
                signals=signals,
                cold=state.bed.cold,
                facts=state.bed.facts,
            )
        )
        == state
    )


def test_a_firing_alert_of_an_old_state_is_named_by_the_time_at_which_it_fired() -> None:
    state = cold_state()
    for fields in (10, 18, 19):
        version, (bed, *rest) = as_v1(to_json(state))
        cold = bed[2][0]
        del cold[fields:]
        cold[18:] = [None] * (fields - 18)
        alert = from_json(json.dumps([version, [bed, *rest]])).bed.alerts.cold
        assert alert.episode_ms == alert.fired_ms == state.bed.alerts.cold.fired_ms
        assert alert.hold_until_ms is None or fields > 10


def test_an_alert_that_never_fired_takes_two_bytes() -> None:
    _, (bed, *_rest) = json.loads(to_json(start()))
    assert bed[2] == [[], [], [], []]
    assert from_json(to_json(start())) == start()


def test_a_field_that_was_added_later_gets_its_default() -> None:
    version, (bed, *rest) = json.loads(to_json(start()))
    assert from_json(json.dumps([version, [bed[:-1], *rest]])) == start()


def test_no_part_of_a_state_lacks_a_field() -> None:
    """The engine makes most parts by a way that does not check it."""
    parts: list[Any] = [cold_state()]
    while parts:
        part = parts.pop()
        assert len(part) == len(getattr(part, "_fields", part)), type(part)
        parts += [inner for inner in part if isinstance(inner, tuple)]


def other(**changes: Any) -> str:
    """Return the text of a state with changed parts; the path leads through the lists."""
    state = json.loads(to_json(cold_state()))
    for path, value in changes.items():
        *way, last = (int(step) for step in path.strip("_").split("_"))
        part = state
        for step in way:
            part = part[step]
        part[last] = value
    return json.dumps(state)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "[2]",
        "[2,[]]",
        "[1,[]]",
        "[1,[[],[],0,0]]",
        "[1,[[[],0,[],[]],[],0,0]]",
        other(_0=4),
        other(_1_2="0"),
        other(_1_0_6_0=7),
        other(_1_0_2_0_0="loud"),
        other(_1_0_0_3="warm"),
        other(_1_1_0_5=None),
        other(_1_0_0=[0] * 99),
    ],
)
def test_a_text_that_is_no_state_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_json(text)
