"""The message `rules`: what the server hands over to a bedside comes back as it was."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legwatch import engine
from legwatch.contract.bed_rules import MAX_RULES_BYTES, BedRules, decode_rules, encode_rules
from legwatch.errors import WireError
from legwatch.limits.written import as_table
from legwatch.own_watch import read
from legwatch.state_codec import to_json
from legwatch.testing import drive, night, uncovering
from legwatch_runtime.profiles import judged
from legwatch_runtime.profiles import rules_for as by_profile
from legwatch_runtime.zones import zone_named

RULES = by_profile("at_risk", {"warmth.plain_c": 27.5}, zone_named("Europe/Berlin", "zone"))
LIMITS = json.dumps(as_table(RULES), separators=(",", ":"))
STATE = to_json(engine.start())
GOOD = {"v": 1, "to_ms": 5, "boot": "0000000a", "seq": 7, "limits": {}, "state": []}


def test_limits_and_state_of_a_cold_bed_are_read_as_they_were_committed() -> None:
    windows = night(minutes=130, leg=uncovering((60, 130)))
    state, _ = drive(engine.start(), windows, RULES)
    assert state.bed.alerts.cold.severity is not None
    last = engine.newest(state)
    assert last is None  # its minute is complete
    sent = BedRules(LIMITS, to_json(state), engine.newest_ms(state))
    payload = encode_rules(sent)
    assert decode_rules(payload) == sent
    handed = read(decode_rules(payload), judged)
    assert (handed.state, handed.limits) == (state, RULES)
    assert len(payload) < MAX_RULES_BYTES / 4


def test_the_last_window_is_named_while_its_minute_is_open() -> None:
    windows = list(night(minutes=3))[:-2]
    state, _ = drive(engine.start(), windows, RULES)
    last = engine.newest(state)
    assert last == windows[-1]
    assert engine.newest_ms(state) == last.to_ms


@given(st.integers(0, 4_102_444_800_000), st.integers(0, 2**53), st.booleans())
def test_what_is_written_is_read(to_ms: int, seq: int, named: bool) -> None:
    seen = ("0123abcd", seq) if named else ("", 0)
    sent = BedRules(LIMITS, STATE, to_ms, *seen)
    assert decode_rules(encode_rules(sent)) == sent


@pytest.mark.parametrize(
    "change",
    [
        {"limits": []}, {"limits": None}, {"state": {}}, {"state": "[]"}, {"to_ms": -1},
        {"to_ms": 1.5}, {"boot": "xyz"}, {"boot": 5}, {"seq": None}, {"seq": -1}, {"v": 2},
        {"v": True}, {"state": [float("nan")]}, {"limits": {"a": "x" * MAX_RULES_BYTES}},
    ],
)  # fmt: skip
def test_a_wrong_message_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        decode_rules(json.dumps(GOOD | change).encode())


@settings(max_examples=200)
@given(st.binary(max_size=300) | st.text().map(str.encode))
def test_whatever_comes_is_read_or_refused(payload: bytes) -> None:
    with pytest.raises(WireError):
        decode_rules(payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(["zone", *as_table(RULES)]), JSON), st.lists(JSON))
def test_limits_and_states_of_any_kind_raise_only_value_error(
    limits: dict[str, Any], state: list[Any]
) -> None:
    sent = BedRules(json.dumps(limits), json.dumps(state), 5)
    try:
        read(sent, judged)
    except ValueError:
        return
    assert state  # whatever is read of it has been a state


def test_of_a_newer_server_what_is_not_known_is_left_out() -> None:
    table = {**as_table(RULES), "later": {"key": 1}}
    table["warmth"] = {**table["warmth"], "later_c": 3.0}
    handed = read(BedRules(json.dumps(table), STATE, 5), judged)
    assert handed.limits == RULES


def test_of_an_older_server_what_is_missing_is_as_in_the_standard_profile() -> None:
    table = as_table(RULES)
    del table["out"], table["warmth"]["early_s"]
    standard = by_profile("standard", {}, RULES.zone)
    handed = read(BedRules(json.dumps(table), STATE, 5), judged)
    assert handed.limits.out == standard.out
    assert handed.limits.warmth == RULES.warmth._replace(early_s=standard.warmth.early_s)
