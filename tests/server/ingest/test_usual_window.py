"""The quick decoder of windows is the contract's own one: the same window, or the same error."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legwatch.contract import roles
from legwatch.contract import window as contract
from legwatch.errors import WireError
from legwatch.events import Window
from legwatch_server.inbox import Message, WindowArrived
from legwatch_server.ingest import decode, usual_window

NUMBERS = st.one_of(
    st.integers(-3, 130), st.floats(-60, 130), st.integers(), st.floats(),
    st.sampled_from([0, -0.0, 1.0, 2**53, 2**53 + 1, 2**64, 10**30, 600.0, 4_102_444_800_000]),
)  # fmt: skip
ODD = st.one_of(
    NUMBERS, st.booleans(), st.none(), st.text(max_size=9), st.lists(st.integers(), max_size=2),
    st.sampled_from(["9f2c41d0", "9F2C41D0", "9f2c41d0\n", "synced", "played", "SYNCED"]),
    st.dictionaries(st.sampled_from(["leg", "room", "x"]), st.text(max_size=70), max_size=2),
)  # fmt: skip
GOOD: dict[str, Any] = {
    "v": 1, "boot": "9f2c41d0", "seq": 4711, "from_ms": 1763769600000, "to_ms": 1763769610000,
    "mono_ms": 183220, "clock": "synced", "leg_c": 31.2, "leg_rh": 48.1, "room_c": 18, "moves": 2,
    "in_bed": True, "low": 1, "age_ms": 0, "moved_s": 1.5, "active_s": 0,
}  # fmt: skip
NAMES = st.sampled_from([*GOOD, "room_rh", "faults", "ankle_c", "ankle_rh", "bed_c", "V", "seq "])


def outcome(decode: Any, payload: bytes) -> tuple[str, object]:
    """Return what a decoder says, to the bit: -0.0 is not 0.0, and True is not 1."""
    try:
        window = decode(payload)
    except WireError as error:
        return type(error).__name__, str(error)
    assert type(window) is Window
    return "window", repr(window)


def same(payload: bytes) -> None:
    assert outcome(usual_window.decode_window, payload) == outcome(contract.decode_window, payload)


@given(st.dictionaries(NAMES, ODD, max_size=3), st.lists(NAMES, max_size=2), st.booleans())
def test_any_fields_give_the_same(odd: dict[str, Any], without: list[str], ascii_: bool) -> None:
    body = {key: value for key, value in {**GOOD, **odd}.items() if key not in without}
    same(json.dumps(body, ensure_ascii=ascii_).encode("utf-8", "surrogatepass"))


@given(NAMES, ODD, st.booleans())
def test_a_key_that_comes_twice_gives_the_same(name: str, value: object, first: bool) -> None:
    text, more = json.dumps(GOOD)[1:-1], f"{json.dumps(name)}: {json.dumps(value)}"
    same(("{" + (f"{more}, {text}" if first else f"{text}, {more}") + "}").encode())


@given(NAMES, st.from_regex(r"-?[0-9]{0,20}(\.[0-9]{0,25})?([eE][+-]?[0-9]{0,3})?", fullmatch=True))
def test_any_spelling_of_a_number_gives_the_same(name: str, number: str) -> None:
    text = json.dumps({key: value for key, value in GOOD.items() if key != name})
    same(f'{text[:-1]}, "{name}": {number}}}'.encode())


@given(st.integers(0, 300), st.binary(max_size=3), st.integers(0, 3))
def test_broken_bytes_give_the_same(at: int, put: bytes, cut: int) -> None:
    whole = json.dumps(GOOD).encode()
    same(whole[:at] + put + whole[at + cut :])


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"null", b"[]", b"{}", b"\xef\xbb\xbf{}", b"[" * 5000, b'{"v":2}', b'{"v":1001}',
        b" \t\r\n" + json.dumps(GOOD).encode() + b"\n ", json.dumps(GOOD).encode() + b" " * 4096,
        json.dumps(GOOD).encode() + b"\0", json.dumps({**GOOD, "others": 1}).encode(),
        json.dumps(GOOD).replace("31.2", "NaN").encode(),
        json.dumps(GOOD).replace("31.2", "-0").encode(),
        json.dumps(GOOD).replace("seq", "\\u0073eq").encode(),
        json.dumps({**GOOD, "faults": {"leg": "checksum"}}).encode(),
        json.dumps({**GOOD, "faults": None}).encode(),
        json.dumps({**GOOD, "ankle_c": 30.5, "ankle_rh": 51}).encode(),
        json.dumps({**GOOD, "ankle_c": 3, "ankle_rh": None}).encode(),
        json.dumps({**GOOD, "ankle_rh": 51.2}).encode(),
        json.dumps({**GOOD, "ankle_c": -0.0}).encode(),
        json.dumps({**GOOD, "ankle_c": 900}).encode(),
        b'{"v":1,' + b'"x":"\x01",' + json.dumps(GOOD).encode()[1:],
    ],
)  # fmt: skip
def test_odd_payloads_give_the_same(payload: bytes) -> None:
    same(payload)


def test_a_role_of_another_package_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    other = roles.WireField("bed_kg", "bed_kg", 0.0, 200.0)
    monkeypatch.setattr(contract, "OTHERS", (other,))
    payload = json.dumps({**GOOD, other.name: 71}).encode()
    assert usual_window.decode_window(payload).others == ((other.name, 71.0),)
    same(payload)


def test_a_usual_window_does_not_need_the_slow_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = contract.decode_window(json.dumps(GOOD).encode())
    monkeypatch.delattr(contract, "decode_window")
    arrived = decode.decode(Message("legwatch/v1/b/window", json.dumps(GOOD).encode(), 0))
    assert isinstance(arrived, WindowArrived)
    assert arrived.window == expected


def test_without_msgspec_the_contract_decodes() -> None:
    code = (
        "import sys; sys.modules['msgspec'] = None\n"
        "from legwatch_server.ingest import decode\n"
        "print(decode.decode_window.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "legwatch.contract.window"


def test_equal_readings_are_one_number_in_memory() -> None:
    one, other = (
        usual_window.decode_window(json.dumps({**GOOD, "seq": seq}).encode()) for seq in (1, 2)
    )
    assert one.leg_c is other.leg_c
    assert one.leg_rh is other.leg_rh
    assert one.room_c is other.room_c
