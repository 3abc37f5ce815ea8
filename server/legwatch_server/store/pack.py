"""The windows of one hour as one value, and back: exact, about a tenth of what the rows take."""

from collections.abc import Sequence
from operator import add, sub
from typing import Any, NamedTuple

from legwatch_server.store.codec import decode, encode

LONGEST_SPAN = 1 << 22  # of the ids in a pack: whoever reads by ids need not look farther than this


class Row(NamedTuple):
    """A row of `windows`, but for its bed."""

    id: int
    boot_id: int
    seq: int
    from_ms: int
    to_ms: int
    mono_ms: int
    clock: str
    leg_c: float | None
    leg_rh: float | None
    room_c: float | None
    room_rh: float | None
    moves: int | None
    in_bed: int | None
    faults: str | None
    arrived_ms: int
    late: int
    moved_s: float | None
    active_s: float | None
    others: str | None


COLUMNS = ", ".join(Row._fields)
_TO = Row._fields.index("to_ms")
# What runs along with `to_ms` is kept as its distance from there.
_FAR = 1 << 62
_ALONG = tuple(Row._fields.index(name) for name in ("from_ms", "mono_ms", "arrived_ms"))


def packed(rows: Sequence[Sequence[Any]]) -> bytes:
    """Return rows, of which there is one at least, as bytes."""
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    ends, apart = columns[_TO], 0
    for bit, place in enumerate(_ALONG):
        if (distances := _distances(columns[place], ends)) is not None:
            columns[place], apart = distances, apart | 1 << bit
    return encode([*columns, [apart] * len(rows)])


def unpacked(data: bytes) -> list[Row]:
    """Return the rows of `packed`; raises ValueError for bytes that are none."""
    columns = decode(data)
    if len(columns) != len(Row._fields) + 1 or not columns[0]:
        raise ValueError(f"a pack of {len(columns)} columns")
    *columns, (apart, *_) = columns
    for bit, place in enumerate(_ALONG):
        if apart & 1 << bit:
            columns[place] = list(map(add, columns[place], columns[_TO]))
    return list(map(Row._make, zip(*columns, strict=True)))


def _distances(column: Sequence[Any], ends: Sequence[Any]) -> list[int] | None:
    """Return how far a column is from the ends; None: something in it is no whole number."""
    if {*map(type, column), *map(type, ends)} != {int}:
        return None
    distances = list(map(sub, column, ends))
    return distances if max(map(abs, distances)) < _FAR else None
