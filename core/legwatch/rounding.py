"""Round in two thirds of the time that `round` takes: each minute of each bed has twenty of them.

`round` writes a number as text and reads it back. To multiply, to take the nearest whole number and
to divide gives the same, but where a half lies so near that the last bits of a float decide.
"""

from collections.abc import Callable

_WHOLE = float(3 << 51)  # added to a number, it leaves no bits for what is behind the point
_NEARLY_HALF = 0.4999


def _to(digits: int) -> Callable[[float], float]:
    scale = 10.0**digits

    def rounded(value: float) -> float:
        scaled = value * scale
        near = scaled + _WHOLE - _WHOLE
        if near and -_NEARLY_HALF < scaled - near < _NEARLY_HALF:  # zero has two signs
            return near / scale
        return round(value, digits)

    return rounded


# Each is `round(value, digits)` of a float below a thousand million.
tenths, hundredths, thousandths = map(_to, (1, 2, 3))
