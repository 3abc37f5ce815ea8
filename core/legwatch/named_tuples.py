"""Make NamedTuples fast, and read them from JSON, which has lists: the position names the field.

The reader of a type is made from its annotations, once. A list may be shorter than its type: the
fields that it lacks have been added later, and get their defaults. So a new field goes to the end.
"""

import types
import typing
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any, TypeVar

Reader = Callable[[Any], Any]
T = TypeVar("T", bound=tuple[Any, ...])


def maker(shape: type[T]) -> Callable[[tuple[Any, ...]], T]:
    """Return what makes a NamedTuple of a tuple of all its fields, in half the time of its class.

    It is for what every minute or line needs. Nothing checks that no field is missing.
    """
    # A bound method, since that hands its first argument on sooner than a partial does.
    bound: Callable[[tuple[Any, ...]], T] = types.MethodType(tuple.__new__, shape)
    return bound


@cache
def reader(shape: Any) -> Reader:
    """Return the function that reads a type; the function raises ValueError for anything else."""
    origin, parts = typing.get_origin(shape), typing.get_args(shape)
    if origin in (types.UnionType, typing.Union):
        return _optional(parts)
    if origin is tuple:
        return _repeated(parts[0]) if parts[1:] == (...,) else _fixed(parts)
    if issubclass(shape, tuple):
        return _named(shape)
    if issubclass(shape, Enum):
        return typing.cast("Reader", shape)
    return _plain(shape)


def parts_of(shape: Any) -> tuple[Any, ...]:
    """Return the types that a type is made of, without None; of any other type, itself."""
    return tuple(part for part in typing.get_args(shape) or (shape,) if part is not types.NoneType)


def _optional(parts: tuple[Any, ...]) -> Reader:
    (one,) = (reader(part) for part in parts if part is not types.NoneType)
    return lambda value: None if value is None else one(value)


def _repeated(part: Any) -> Reader:
    one = reader(part)
    return lambda value: tuple(map(one, _list(value)))


def _fixed(parts: tuple[Any, ...]) -> Reader:
    readers = tuple(map(reader, parts))

    def read(value: Any) -> tuple[Any, ...]:
        pairs = zip(readers, _list(value), strict=True)
        return tuple(one(item) for one, item in pairs)

    return read


def _named(shape: Any) -> Reader:
    readers = tuple(map(reader, typing.get_type_hints(shape).values()))
    fewest = len(readers) - len(shape._field_defaults)

    def read(value: Any) -> Any:
        if not fewest <= len(_list(value)) <= len(readers):
            raise ValueError(f"{shape.__name__}: {len(value)} fields, {len(readers)} expected")
        pairs = zip(readers, value, strict=False)
        return shape(*(one(item) for one, item in pairs))

    return read


def _plain(shape: Any) -> Reader:
    allowed = (int, float) if shape is float else (shape,)

    def read(value: Any) -> Any:
        if type(value) not in allowed:
            raise ValueError(f"{shape.__name__} expected, not {type(value).__name__}")
        return value

    return read


def _list(value: Any) -> list[Any]:
    if type(value) is not list:
        raise ValueError(f"a list is expected, not {type(value).__name__}")
    return value
