"""Beds remember equal numbers as one, and each number as it was."""

import math

from legwatch.shared import shared
from legwatch.signals.contrast import NOTHING, normalized


def test_equal_numbers_are_one_in_memory() -> None:
    first, second = (normalized(NOTHING, 10.0 + half / 10, 18.0) for half in (1, 1))
    assert first == 10.1
    assert first is second


def test_zero_keeps_its_sign() -> None:
    assert math.copysign(1, shared(0.0)) == 1
    assert math.copysign(1, shared(-0.0)) == -1
    assert math.copysign(1, shared(0.0)) == 1
