"""The median is that of the standard library, to the bit."""

import statistics

from hypothesis import given
from hypothesis import strategies as st

from legwatch.middle import median


@given(values=st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=9))
def test_the_median_is_that_of_the_standard_library(values: list[float]) -> None:
    assert median(values) == statistics.median(values)
    assert median(tuple(values)) == statistics.median(values)
