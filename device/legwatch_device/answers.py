"""What a driver has answered, if it can be an answer: what no message may carry is refused here.

One such value in a message would let the server refuse the whole window, so that all the other
sensors of the bed were blind, too.
"""

import inspect
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, TypeVar

from legwatch.entry import place_of

T = TypeVar("T")


class WrongAnswer(TypeError):  # noqa: N818 - it says what the driver gave
    """A driver has answered with a value of another type; `where` is the place of its method."""

    def __init__(self, why: str, where: str = "") -> None:
        super().__init__(why)
        self.where = where


def answer(method: Callable[[], object], shape: type[T]) -> T:
    """Call a driver's method; raises WrongAnswer unless it returns a `shape`."""
    found = method()
    if isinstance(found, shape):
        return found
    wanted = shape.__name__
    raise WrongAnswer(
        f"{named(method)} must return a {wanted}, not {kind(found)}", place_of(method)
    )


def kind(found: object) -> str:
    """Return the name of a value's type; a coroutine is closed, since nobody will await it."""
    if inspect.iscoroutine(found):
        found.close()
        return "coroutine: write def, not async def"
    return type(found).__name__


def number(value: Any, what: str, method: Callable[[], object]) -> float:
    """Return a driver's number as a plain one, also one of numpy; raises WrongAnswer."""
    if not isinstance(value, bool) and isinstance(value, Real):
        return int(value) if isinstance(value, Integral) else float(value)
    raise WrongAnswer(f"{what} must be a number, not {kind(value)}", place_of(method))


def maybe_number(value: object, what: str, method: Callable[[], object]) -> float | None:
    """Return a driver's number, or None for None; raises WrongAnswer."""
    return None if value is None else number(value, what, method)


def maybe_bool(value: object, method: Callable[[], object]) -> bool | None:
    """Return a driver's True, False or None as a plain one, also of numpy; raises WrongAnswer."""
    if value is None or isinstance(value, bool):
        return value
    if type(value).__module__ == "numpy" and type(value).__name__ in ("bool", "bool_"):
        return bool(value)  # of no kind that Python knows, unlike its numbers
    why = f"{named(method)} must return True, False or None, not {kind(value)}"
    raise WrongAnswer(why, place_of(method))


def whole(value: Any, what: str, method: Callable[[], object]) -> int:
    """Return a driver's whole number as a plain one, also one of numpy; raises WrongAnswer."""
    if not isinstance(value, bool) and isinstance(value, Integral):
        return int(value)
    why = f"{what} must be a whole number of the type int, not {kind(value)}"
    raise WrongAnswer(why, place_of(method))


def named(method: Any) -> str:
    """Return the name of a driver's method."""
    return str(getattr(method, "__name__", "it"))
