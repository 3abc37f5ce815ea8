"""Columns of values as few bytes, and back: exact, to the bit of a float.

A column is stored in one of three forms. Whole numbers: the differences from one to the next in the
narrowest width. Decimals, such as 30.5: the same, as whole numbers of tenths or hundredths. All
else: the distinct values, and which of them comes when. zlib does the rest.
"""

import struct
import sys
import zlib
from array import array
from collections.abc import Sequence
from itertools import accumulate
from math import isfinite
from operator import sub
from typing import Any, cast

Value = int | float | str | bytes | None
_FORMAT = 1  # the first byte; another one is of a newer legwatch
_LEVEL = 4
_WHOLE, _DECIMAL, _TABLE = range(3)
_WIDTHS = "bhiq"  # one, two, four and eight bytes
_SCALES = (10, 100, 1000, 1)
_EXACT = 1 << 53  # below it a float holds every whole number
_HEAD = struct.Struct("<BBIq")  # form, scale or width of the table, length, first value
_LENGTH = struct.Struct("<I")
_FLOAT, _INT = struct.Struct("<d"), struct.Struct("<q")


def encode(columns: Sequence[Sequence[Value]]) -> bytes:
    """Return the columns, which are all of one length, as bytes."""
    rows = len(columns[0]) if columns else 0
    body = b"".join(map(_column, columns))
    return bytes((_FORMAT,)) + zlib.compress(_LENGTH.pack(rows) + body, _LEVEL)


def decode(data: bytes) -> list[list[Any]]:
    """Return the columns of `encode`; raises ValueError for bytes that are none."""
    if not data or data[0] != _FORMAT:
        raise ValueError("a pack of a form that this version does not know")
    try:
        body = zlib.decompress(data[1:])
        (rows,) = _LENGTH.unpack_from(body)
        at, columns = _LENGTH.size, []
        while at < len(body):
            column, at = _read(body, at, rows)
            columns.append(column)
    except (zlib.error, struct.error, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"a pack that cannot be read: {error}") from error
    return columns


def _column(values: Sequence[Value]) -> bytes:
    if None not in values:
        return _numbers(values, b"") or _table(values)
    present = [value for value in values if value is not None]
    mask = bytes(value is not None for value in values)
    return _numbers(present, mask) or _table(values)


def _numbers(present: Sequence[Value], mask: bytes) -> bytes:
    """Return a column of numbers; empty: it is none."""
    kinds = set(map(type, present))
    if kinds == {int}:
        return _steps(_WHOLE, 0, cast("Sequence[int]", present), mask)
    if kinds == {float}:
        for place, scale in enumerate(_SCALES):
            whole = _scaled(cast("Sequence[float]", present), scale)
            if whole is not None:
                return _steps(_DECIMAL, place, whole, mask)
    return b""


def _scaled(values: Sequence[float], scale: int) -> list[int] | None:
    """Return the values as whole numbers of a fraction; None: that would not be exact."""
    if not all(map(isfinite, values)) or max(map(abs, values)) * scale >= _EXACT:
        return None
    whole = [round(value * scale) for value in values]
    if [number / scale for number in whole] != list(values):
        return None
    # 0.0 and -0.0 are equal, and not the same.
    return None if 0 in whole and "-0.0" in map(str, values) else whole


def _steps(form: int, scale: int, numbers: Sequence[int], mask: bytes) -> bytes:
    steps = list(map(sub, numbers[1:], numbers))
    packed = _narrow(steps)
    if packed is None:
        return b""
    flags = _WIDTHS.index(packed.typecode) | scale << 2 | (1 << 4 if mask else 0)
    return _HEAD.pack(form, flags, len(steps), numbers[0]) + mask + _bytes(packed)


def _narrow(numbers: Sequence[int]) -> "array[int] | None":
    low, high = min(numbers, default=0), max(numbers, default=0)
    for width in _WIDTHS:
        bits = 8 * array(width).itemsize - 1
        if -(1 << bits) <= low and high < 1 << bits:
            return array(width, numbers)
    return None


def _table(values: Sequence[Value]) -> bytes:
    """Return any column: its distinct values, and which of them comes when."""
    places: dict[bytes, int] = {}
    if _is_constant(values):
        values = values[:1]
    which = [places.setdefault(_tagged(value), len(places)) for value in values]
    packed = _narrow(which) or array("q")
    head = _HEAD.pack(_TABLE, _WIDTHS.index(packed.typecode), len(places), 0)
    words = b"".join(_LENGTH.pack(len(word)) + word for word in places)
    return head + words + (_bytes(packed) if len(places) > 1 else b"")


def _is_constant(values: Sequence[Value]) -> bool:
    """Return True if all values are the same text or none: most columns of texts are so."""
    kinds = set(map(type, values))
    return kinds in ({str}, {type(None)}) and values.count(values[0]) == len(values)


def _tagged(value: Value) -> bytes:
    match value:
        case None:
            return b"n"
        case int():
            return b"i" + _INT.pack(value)
        case float():
            return b"f" + _FLOAT.pack(value)
        case str():
            return b"s" + value.encode("utf-8", "surrogatepass")
        case bytes():
            return b"b" + value


def _untagged(word: bytes) -> Value:
    kind, rest = word[:1], word[1:]
    match kind:
        case b"i":
            return int(_INT.unpack(rest)[0])
        case b"f":
            return float(_FLOAT.unpack(rest)[0])
        case b"s":
            return rest.decode("utf-8", "surrogatepass")
        case b"b":
            return rest
    return None


def _read(body: bytes, at: int, rows: int) -> tuple[list[Any], int]:
    form, flags, count, first = _HEAD.unpack_from(body, at)
    at += _HEAD.size
    width = _WIDTHS[flags & 3]
    if form == _TABLE:
        return _read_table(body, at, (rows, count, width))
    mask = b""
    if flags & 1 << 4:
        mask, at = body[at : at + rows], at + rows
    steps, at = _read_array(body, at, count, width)
    numbers: list[Any] = list(accumulate(steps, initial=first))
    if form == _DECIMAL:
        scale = _SCALES[flags >> 2 & 3]
        numbers = [number / scale for number in numbers]
    if mask:
        present = iter(numbers)
        numbers = [next(present) if there else None for there in mask]
    return numbers, at


def _read_table(body: bytes, at: int, shape: tuple[int, int, str]) -> tuple[list[Any], int]:
    rows, count, width = shape
    words = []
    for _ in range(count):
        (length,) = _LENGTH.unpack_from(body, at)
        at += _LENGTH.size
        words.append(_untagged(body[at : at + length]))
        at += length
    if count <= 1:
        return words * rows, at
    which, at = _read_array(body, at, rows, width)
    return [words[place] for place in which], at


def _read_array(body: bytes, at: int, count: int, width: str) -> tuple["array[int]", int]:
    found = array(width)
    end = at + count * found.itemsize
    if end > len(body):
        raise ValueError("a pack that was cut short")
    found.frombytes(body[at:end])
    if sys.byteorder == "big":
        found.byteswap()
    return found, end


def _bytes(packed: "array[int]") -> bytes:
    if sys.byteorder == "big":
        packed = array(packed.typecode, packed)
        packed.byteswap()
    return packed.tobytes()
