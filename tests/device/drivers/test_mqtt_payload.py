"""What the payload of a message says: a number, a word, a time, or a fault with a name."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legwatch_device.drivers.mqtt import payload
from legwatch_device.drivers.mqtt.payload import ABSENT, Unreadable

FAULTS = {"too_long", "no_text", "no_json", "no_number", "unavailable", "strange_word", "no_time"}
FAULTS |= {"time_without_zone"}
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "found"),
    [(21.5, 21.5), (21, 21.0), ("21.5", 21.5), (" -3 ", -3.0), ("+.5", 0.5), ("2.15e1", 21.5)],
)
def test_a_number_or_its_text_is_that_number(value: object, found: float) -> None:
    assert payload.number(value) == found


@pytest.mark.parametrize("value", [None, "", "unavailable", "Unknown", "null", "NaN", math.nan])
def test_what_says_that_there_is_none_is_unavailable(value: object) -> None:
    with pytest.raises(Unreadable, match=r"^unavailable$"):
        payload.number(value)


@pytest.mark.parametrize(
    "value",
    [True, "21,5", "21.5 C", "1_0", "٢١", "0x15", "inf", math.inf, 10**400, "1e999", [1], {}],
)
def test_what_is_nearly_a_number_is_none(value: object) -> None:
    with pytest.raises(Unreadable, match=r"^no_number$"):
        payload.number(value)


@pytest.mark.parametrize("value", [True, "ON", " on ", "true", 1, 1.0, "1", "Occupied"])
def test_each_usual_word_for_on_is_on(value: object) -> None:
    assert payload.state(value, payload.ON, payload.OFF)


@pytest.mark.parametrize("value", [False, "OFF", "clear", 0, 0.0, "0", "false"])
def test_each_usual_word_for_off_is_off(value: object) -> None:
    assert not payload.state(value, payload.ON, payload.OFF)


@pytest.mark.parametrize("value", ["maybe", 2, 0.5, "onn", 10**30, [1]])
def test_another_word_is_none_of_them(value: object) -> None:
    with pytest.raises(Unreadable, match=r"^strange_word$"):
        payload.state(value, payload.ON, payload.OFF)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("temperature", 21.5),
        ("SHT3X.Temperature", 22.0),
        ("a.b", "a key with a dot"),
        ("SHT3X.Humidity", ABSENT),
        ("temperature.x", ABSENT),
        ("none.x", ABSENT),
    ],
)
def test_a_path_leads_to_what_stands_there(path: str, found: object) -> None:
    said = {"temperature": 21.5, "SHT3X": {"Temperature": 22.0}, "a.b": "a key with a dot"}
    assert payload.at({**said, "a": {"b": 0}, "none": None}, path) == found


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (b"{", "no_json"),
        (b"", "no_json"),
        (b"[" * 60_000, "no_json"),
        (b"1" * 5000, "no_json"),
        (b"\xff\xfe", "no_text"),
        (b'{"temperature": 21.5' + b" " * 1_000_000 + b"}", "too_long"),
    ],
)
def test_a_payload_that_is_broken_has_a_name(sent: bytes, fault: str) -> None:
    with pytest.raises(Unreadable, match=f"^{fault}$"):
        payload.body(sent, plain=False)


@pytest.mark.parametrize(
    "said",
    [
        1_767_394_800,
        1_767_394_800_000,
        "1767394800000",
        "2026-01-02T23:00:00Z",
        "2026-01-03T00:00:00.000+01:00",
    ],
)
def test_a_time_is_an_epoch_or_iso_8601(said: object) -> None:
    assert payload.utc_ms(said) == 1_767_394_800_000


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("2026-01-02T23:00:00", "time_without_zone"),
        ("yesterday", "no_time"),
        (None, "no_time"),
        (True, "no_time"),
    ],
)
def test_another_time_is_none(said: object, fault: str) -> None:
    with pytest.raises(Unreadable, match=f"^{fault}$"):
        payload.utc_ms(said)


@pytest.mark.parametrize(
    ("sent", "alive"),
    [
        (b"online", True),
        (b"Offline", False),
        (b'{"state":"online"}', True),
        (b'{"state":"offline"}', False),
        (b"", None),
        (b"{", None),
        (b'{"state":[]}', None),
        (b"\xff", None),
    ],
)
def test_availability_is_one_word_or_an_object(sent: bytes, alive: bool | None) -> None:
    assert payload.alive(sent) is alive


@pytest.mark.slow
@given(st.binary(max_size=200) | ANY_JSON.map(lambda j: json.dumps(j).encode()))
def test_no_payload_does_more_than_a_named_fault(sent: bytes) -> None:
    payload.alive(sent)
    for plain in (True, False):
        try:
            found = payload.body(sent, plain=plain)
        except Unreadable as error:
            assert str(error) in FAULTS  # noqa: PT017 - each error of a payload is one of these
            continue
        for path in ("", "a", "a.b"):
            _reads(payload.at(found, path))


def _reads(value: object) -> None:
    if value is ABSENT:
        return
    for read in (
        payload.number,
        payload.utc_ms,
        lambda v: payload.state(v, payload.ON, payload.OFF),
    ):
        try:
            found = read(value)
        except Unreadable as error:
            assert str(error) in FAULTS  # noqa: PT017
        else:
            assert math.isfinite(found)


@given(st.floats(-60, 130).map(lambda x: round(x, 2)), st.booleans())
def test_a_finite_number_comes_as_it_was_sent(value: float, as_text: bool) -> None:
    sent = json.dumps({"t": str(value) if as_text else value}).encode()
    assert payload.number(payload.at(payload.body(sent, plain=False), "t")) == value
