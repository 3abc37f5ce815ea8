"""The code of a pairing: what is written is read again, and what was typed wrong is noticed."""

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legwatch.contract.pairing import (
    SIGNS,
    Ask,
    Given,
    Kept,
    PairingCode,
    Refused,
    decode,
    encode,
    read_code,
    write_code,
)
from legwatch.errors import WireError

CODES = st.builds(
    PairingCode, st.binary(min_size=10, max_size=10), st.binary(min_size=5, max_size=5)
)


@given(CODES)
def test_a_code_is_read_as_it_was_written(code: PairingCode) -> None:
    text = write_code(code)
    assert read_code(text) == code
    assert read_code(text.lower().replace("-", " ")) == code
    assert read_code(text.replace("0", "O").replace("1", "I").replace("V", "u")) == code
    assert [len(group) for group in text.split("-")] == [5] * 5


@given(CODES, st.integers(0, 23), st.sampled_from(SIGNS))
def test_a_wrong_sign_is_noticed(code: PairingCode, at: int, sign: str) -> None:
    signs = write_code(code).replace("-", "")
    was = SIGNS.index(signs[at])
    if (was - SIGNS.index(sign)) % 31:  # of 0 and Z it cannot be told which it was
        with pytest.raises(WireError, match="a sign is wrong"):
            read_code(signs[:at] + sign + signs[at + 1 :])


@given(CODES, st.integers(0, 22))
def test_signs_that_changed_places_are_noticed(code: PairingCode, at: int) -> None:
    signs = write_code(code).replace("-", "")
    one, other = signs[at], signs[at + 1]
    if (SIGNS.index(one) - SIGNS.index(other)) % 31:
        with pytest.raises(WireError, match="a sign is wrong"):
            read_code(signs[:at] + other + one + signs[at + 2 :])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has 25 signs, this one has 0"),
        ("AAAAA", "this one has 5"),
        ("A" * 24 + "!", "in no code"),
    ],
)
def test_what_can_be_no_code_is_said(text: str, why: str) -> None:
    with pytest.raises(WireError, match=why):
        read_code(text)


GIVEN = Given("bed2", "secret", "nas", 8883, "legwatch.house", "-----BEGIN\nCERTIFICATE")


@pytest.mark.parametrize("said", [Ask("00", "1.0"), GIVEN, Kept(kept=True), Refused("no")])
def test_what_is_said_is_heard(said: Any) -> None:
    assert decode(type(said), encode(said)) == said


@pytest.mark.parametrize("key", sorted(asdict(GIVEN)))
@pytest.mark.parametrize("value", [None, True, 1.5, [], {}, "x" * 20_000])
def test_a_wrong_answer_is_refused_with_its_key(key: str, value: object) -> None:
    body = {"v": 1, **asdict(GIVEN), key: value}
    with pytest.raises(WireError, match=f"{key}: |more than"):
        decode(Given, json.dumps(body).encode())


@pytest.mark.parametrize("change", [{"port": 0}, {"bed": "../x"}, {"host": "a\nb"}, {"v": 2}])
def test_an_answer_that_cannot_be_used_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(WireError):
        decode(Given, json.dumps({"v": 1, **asdict(GIVEN), **change}).encode())


def test_a_refusal_is_said_in_the_server_s_words() -> None:
    with pytest.raises(WireError, match="the code is wrong"):
        decode(Given, encode(Refused("the code is wrong")))


@given(st.binary(max_size=200))
def test_any_bytes_are_heard_or_refused(line: bytes) -> None:
    kinds: tuple[Any, ...] = (Ask, Given, Kept, Refused)
    for kind in kinds:
        try:
            decode(kind, line)
        except WireError:
            continue
