"""The wire contract: what is read, and what is refused and why."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legwatch.contract.confirmation import Stored, decode_stored, encode_stored
from legwatch.contract.fields import MAX_PAYLOAD_BYTES, OUT_OF_RANGE
from legwatch.contract.press import MOST_PRESSES, Press, decode_press, encode_press
from legwatch.contract.roles import FIELDS, ROLES
from legwatch.contract.topics import Channel, check_bed, split, topic
from legwatch.contract.window import decode_window, encode_window
from legwatch.errors import WireError
from legwatch.events import AlertKind, ClockTrust, Window

GOOD: dict[str, Any] = {
    "v": 1,
    "boot": "9f2c41d0",
    "seq": 4711,
    "from_ms": 1763769600000,
    "to_ms": 1763769610000,
    "mono_ms": 183220,
    "clock": "synced",
    "leg_c": 31.2,
    "leg_rh": 48.1,
    "room_c": 18.4,
    "room_rh": 51,
    "moves": 2,
    "moved_s": 1.5,
    "active_s": 0.0,
    "in_bed": True,
    "faults": {"leg": "checksum"},
}
WHOLE = st.integers(0, 2**53)
printable_text = st.text(max_size=64).filter(str.isprintable)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    from_ms = draw(st.integers(0, 4_102_444_000_000))
    air = st.one_of(st.none(), st.floats(-55, 125, allow_nan=False))
    rh = st.one_of(st.none(), st.floats(0, 100, allow_nan=False))
    return Window(
        draw(st.from_regex(r"[0-9a-f]{8}", fullmatch=True)),
        draw(st.integers(1, 2**53)),
        from_ms,
        from_ms + draw(st.integers(1, 600_000)),
        draw(WHOLE),
        draw(st.sampled_from([c.value for c in ClockTrust])),
        draw(air),
        draw(rh),
        draw(air),
        draw(rh),
        draw(st.one_of(st.none(), st.integers(0, 100_000))),
        draw(st.sampled_from([None, True, False])),
        tuple(
            sorted(draw(st.dictionaries(st.sampled_from(["leg", "room"]), printable_text)).items())
        ),
        draw(st.one_of(st.none(), st.integers(1, 2**53))),
        draw(st.one_of(st.none(), WHOLE)),
        draw(st.one_of(st.none(), st.floats(0, 600))),
        draw(st.one_of(st.none(), st.floats(0, 600))),
    )


@given(windows())
def test_a_window_survives_the_wire(window: Window) -> None:
    assert decode_window(encode_window(window)) == window


def test_the_documented_message_is_read() -> None:
    window = decode_window(json.dumps(GOOD).encode())
    assert (window.seq, window.leg_c, window.room_rh, window.moves) == (4711, 31.2, 51.0, 2)
    assert window.faults == (("leg", "checksum"),)
    assert (window.moved_s, window.active_s) == (1.5, 0.0)


def test_null_and_absent_are_unknown_never_zero() -> None:
    body = {k: v for k, v in GOOD.items() if k not in {"leg_c", "moves", "in_bed"}}
    window = decode_window(json.dumps({**body, "room_c": None}).encode())
    assert (window.leg_c, window.moves, window.in_bed, window.room_c) == (None, None, None, None)


def test_a_newer_agents_extra_key_is_passed_over() -> None:
    assert decode_window(json.dumps({**GOOD, "bed_kg": 71}).encode()).seq == 4711


@pytest.mark.parametrize("dirt", ["\ud800", "\udfff x", "a\x1b[2J", "\x00", "two\nlines"])
def test_text_is_clean_when_it_leaves_the_decoder(dirt: str) -> None:
    body = json.dumps({**GOOD, "faults": {"leg": dirt}}).encode()
    ((_, fault),) = decode_window(body).faults
    assert fault.isprintable()
    assert len(fault) == len(dirt)
    fault.encode()  # half a character has no bytes, and no database takes it


@pytest.mark.parametrize("key", ["v", "boot", "seq", "leg_c", "moves", "clock", "faults", "in_bed"])
@pytest.mark.parametrize("dirt", ["\ud800", {"\ud800": 1}, ["\x1b[2J" * 500], "x" * 3000])
def test_a_reason_that_quotes_a_value_is_clean_and_short(key: str, dirt: object) -> None:
    body = json.dumps({**GOOD, key: dirt}).encode()
    with pytest.raises(WireError) as refused:
        decode_window(body)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 200


def test_an_older_agent_says_nothing_of_seconds() -> None:
    body = {k: v for k, v in GOOD.items() if k not in {"moved_s", "active_s"}}
    window = decode_window(json.dumps(body).encode())
    assert (window.moves, window.moved_s, window.active_s) == (2, None, None)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("v", 2), ("v", None), ("v", "1"), ("v", True),
        ("boot", "xyz"), ("boot", 7), ("boot", "9F2C41D0"),
        ("seq", 0), ("seq", -1), ("seq", 1.0), ("seq", True), ("seq", 2**60),
        ("from_ms", -1), ("from_ms", "now"), ("to_ms", 1763769600000), ("to_ms", 2**50),
        ("to_ms", 1763769600000 + 600_001), ("mono_ms", None), ("clock", "sundial"), ("clock", []),
        ("leg_c", "31"), ("leg_c", True), ("room_c", []), ("moves", 2.0), ("in_bed", 1),
        ("in_bed", "yes"), ("faults", []), ("faults", {"leg": 3}),
        ("faults", {"door": "open"}), ("faults", {"leg": "x" * 65}), ("low", 0), ("age_ms", -5),
        ("moved_s", True), ("active_s", "9"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_and_its_key_named(key: str, value: object) -> None:
    with pytest.raises(WireError, match=key):
        decode_window(json.dumps({**GOOD, key: value}).encode())


@pytest.mark.parametrize(
    ("key", "value", "sensor"),
    [
        ("leg_c", 900, "leg"), ("leg_c", -3274, "leg"), ("leg_c", -127, "leg"),
        ("leg_c", math.nan, "leg"), ("leg_c", math.inf, "leg"), ("leg_rh", 101.7, "leg"),
        ("leg_rh", -0.1, "leg"), ("room_c", 10**400, "room"), ("room_rh", math.nan, "room"),
        ("moves", -1, "movement"), ("moves", 10**9, "movement"), ("moved_s", 601, "movement"),
        ("active_s", -0.1, "movement"),
    ],
)  # fmt: skip
def test_a_reading_that_cannot_be_is_a_fault_of_its_sensor_alone(
    key: str, value: float, sensor: str
) -> None:
    good = {**GOOD, "faults": {}}
    window = decode_window(json.dumps({**good, key: value}).encode())
    assert getattr(window, key) is None
    assert (sensor, OUT_OF_RANGE) in window.faults
    whole = decode_window(json.dumps(GOOD).encode())
    kept = [name for name in Window._fields if name not in (key, "faults")]
    assert [getattr(window, name) for name in kept] == [getattr(whole, name) for name in kept]


def test_a_fault_that_the_agent_names_is_kept() -> None:
    window = decode_window(json.dumps({**GOOD, "leg_c": 900, "faults": {"leg": "crc"}}).encode())
    assert window.faults == (("leg", "crc"),)


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"{}", b"1e999",
        b"[" * 4000, b" " * 1_000_000, b"{" * 1_000_000,
    ],
)  # fmt: skip
def test_what_is_no_message_is_refused(payload: bytes) -> None:
    with pytest.raises(WireError):
        decode_window(payload)


@given(st.binary(max_size=MAX_PAYLOAD_BYTES))
def test_no_bytes_raise_anything_else(payload: bytes) -> None:
    for decode in (decode_window, decode_press, decode_stored):
        with pytest.raises(WireError):
            decode(payload)


def test_a_number_that_overflows_is_no_reading_and_is_never_sent() -> None:
    raw = json.dumps(GOOD).replace("31.2", "1e999").encode()
    assert decode_window(raw).leg_c is None
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode_window(decode_window(json.dumps(GOOD).encode())._replace(leg_c=math.inf))


@given(
    st.sampled_from(["ack", "cramp"]),
    WHOLE.filter(lambda n: n < 4e12),
    st.sampled_from([None, *AlertKind]),
    st.sampled_from([clock.value for clock in ClockTrust]),
    st.sampled_from([None, 0, 7]),
)
def test_a_press_survives_the_wire(
    button: str, at_ms: int, kind: AlertKind | None, clock: str, age_ms: int | None
) -> None:
    press = Press("a-1", button, at_ms, kind, clock=clock, age_ms=age_ms)
    assert decode_press(encode_press(press)) == press


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"id": "a b"},
        {"button": "ring"},
        {"button": []},
        {"kind": "damp"},
        {"kind": {}},
        {"at_ms": "now"},
        {"clock": "slow"},
        {"age_ms": -1},
    ],
)
def test_a_wrong_press_is_refused(change: dict[str, object]) -> None:
    body = {"v": 1, "id": "a1", "button": "ack", "at_ms": 1, **change}
    with pytest.raises(WireError, match=next(iter(change))):
        decode_press(json.dumps(body).encode())


@given(st.from_regex(r"[0-9a-f]{8}", fullmatch=True), WHOLE)
def test_a_confirmation_survives_the_wire(boot: str, seq: int) -> None:
    assert decode_stored(encode_stored(Stored(boot, seq))) == Stored(boot, seq)


press_ids = st.lists(st.from_regex(r"[0-9a-zA-Z-]{1,64}", fullmatch=True), max_size=MOST_PRESSES)


@given(press_ids)
def test_the_presses_of_a_confirmation_survive_the_wire(presses: list[str]) -> None:
    stored = Stored("0000000a", 7, tuple(presses))
    assert decode_stored(encode_stored(stored)) == stored


def test_a_confirmation_without_presses_is_written_as_any_other() -> None:
    body = {"v": 1, "boot": "0000000a", "seq": 2**53, "presses": []}
    assert (
        encode_stored(Stored("0000000a", 2**53, ()))
        == json.dumps(body, separators=(",", ":")).encode()
    )


def test_a_confirmation_names_the_last_presses_and_fits_into_a_message() -> None:
    ids = [f"{n:064}" for n in range(100)]
    payload = encode_stored(Stored("0000000a", 2**53, tuple(ids)))
    assert decode_stored(payload).presses == tuple(ids[-MOST_PRESSES:])
    assert len(payload) < MAX_PAYLOAD_BYTES


@pytest.mark.parametrize("presses", ["p1", {"p1": 1}, [1], ["p 1"], ["p"] * 33, [None], True])
def test_a_confirmation_with_wrong_presses_is_refused(presses: object) -> None:
    body = {"v": 1, "boot": "0000000a", "seq": 1, "presses": presses}
    with pytest.raises(WireError, match="presses"):
        decode_stored(json.dumps(body).encode())


def test_a_server_that_does_not_tell_of_presses_is_told_from_one_that_has_none() -> None:
    body = {"v": 1, "boot": "0000000a", "seq": 1}
    assert decode_stored(json.dumps(body).encode()).presses is None
    assert decode_stored(json.dumps({**body, "presses": []}).encode()).presses == ()


@given(st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True))
def test_topics_go_there_and_back(bed: str) -> None:
    assert split(topic(bed, Channel.ALERT, "cold")) == (bed, "alert/cold")
    assert split(topic(bed, Channel.WINDOW)) == (bed, "window")


@pytest.mark.parametrize("bed", ["", "Bed", "bed/1", "b" * 33, "bett ü", "+", "#", "bed\n"])
def test_a_name_that_is_no_bed_is_refused(bed: str) -> None:
    with pytest.raises(WireError):
        check_bed(bed)


@pytest.mark.parametrize("name", ["", "legwatch", "legwatch/v2/bed/window", "x/v1/bed/window"])
def test_a_topic_that_is_not_ours_is_refused(name: str) -> None:
    with pytest.raises(WireError):
        split(name)


def test_no_two_roles_share_a_name_a_field_or_a_channel() -> None:
    for names in (
        [role.name for role in ROLES],
        [role.fault for role in ROLES],
        [field.name for field in FIELDS],
        [field.channel for field in FIELDS],
    ):
        assert len(names) == len(set(names))
    taken = {"v", "boot", "seq", "low", "age_ms", "faults"}
    assert taken.isdisjoint(field.name for field in FIELDS)
