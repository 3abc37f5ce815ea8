"""Columns of any values come back exactly as they were."""

import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legwatch_server.store.codec import decode, encode

WHOLE = st.integers(-(1 << 63), (1 << 63) - 1)
# SQLite gives no NaN back: it stores NULL for one.
REAL = st.floats(allow_nan=False)
MEASURED = st.integers(-4000, 9000).map(lambda number: number / 100)
ANY = st.one_of(st.none(), WHOLE, REAL, MEASURED, st.text(), st.binary(max_size=20))
KINDS = st.sampled_from([WHOLE, REAL, MEASURED, st.integers(0, 400), st.booleans().map(int), ANY])


@st.composite
def columns(draw: st.DrawFn) -> list[list[Any]]:
    """Return columns of one length: each of one kind, some with gaps."""
    rows = draw(st.integers(0, 40))
    found = []
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(KINDS)
        with_gaps = st.one_of(st.none(), kind) if draw(st.booleans()) else kind
        found.append(draw(st.lists(with_gaps, min_size=rows, max_size=rows)))
    return found


def bits(value: object) -> object:
    """Return a value so that equal ones are the same, to the bit."""
    return struct.pack("<d", value) if isinstance(value, float) else (type(value), value)


@settings(max_examples=50)
@given(columns())
def test_every_value_comes_back_to_the_bit(given_columns: list[list[Any]]) -> None:
    found = decode(encode(given_columns))
    assert [[bits(v) for v in column] for column in found] == [
        [bits(v) for v in column] for column in given_columns
    ]


@pytest.mark.parametrize(
    "column",
    [
        [0.0, -0.0, 1.5],
        [float("inf"), 20.5],
        [1, 1.0, "1", b"1", None],
        [-(1 << 63), (1 << 63) - 1],
        [None, None],
        [30.125, 0.1 + 0.2],
        [5e-324, 1.7976931348623157e308],
        ["leg:crc", None, "leg:timeout,room:crc"],
        [9007199254740993.0, 9007199254740992.0],
        ["\ud800"],
    ],
)
def test_odd_columns_come_back(column: list[Any]) -> None:
    (found,) = decode(encode([column]))
    assert list(map(bits, found)) == list(map(bits, column))


def test_an_hour_of_readings_is_small() -> None:
    ids = list(range(1, 361))
    warm = [30.5 + (n % 7) / 10 for n in ids]
    ends = [1_767_400_000_000 + 10_000 * n + n % 3 for n in ids]
    assert len(encode([ids, ends, ends, warm, [None] * 360, ["synced"] * 360])) < 360


@pytest.mark.parametrize("kind", [list, tuple])
def test_decimals_that_climb_are_kept_as_steps(kind: type) -> None:
    climbing = kind(number / 10 for number in range(1000))
    assert len(encode([climbing])) < 100
    assert decode(encode([climbing])) == [list(climbing)]


@settings(max_examples=50)
@given(columns(), st.data())
def test_damaged_bytes_never_become_other_values(
    given_columns: list[list[Any]], data: st.DataObject
) -> None:
    packed = bytearray(encode(given_columns))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    same = [list(map(bits, one)) for one in given_columns]
    with suppress(ValueError):  # not so for a bit that stands for nothing: zlib fills its last byte
        assert [list(map(bits, one)) for one in decode(bytes(packed))] == same
