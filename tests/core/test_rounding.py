"""What rounds fast rounds as `round` does, to the bit, also where a half decides."""

from hypothesis import example, given
from hypothesis import strategies as st

from legwatch.rounding import hundredths, tenths, thousandths


@given(st.one_of(st.floats(-1e9, 1e9), st.floats(-100, 100)))
@example(-0.0)
@example(-0.0001)
@example(1e-300)
def test_it_is_round(value: float) -> None:
    rounded = [repr(to(value)) for to in (tenths, hundredths, thousandths)]
    assert rounded == [repr(round(value, digits)) for digits in (1, 2, 3)]


@given(
    st.integers(-2_000_000, 2_000_000),
    st.sampled_from([20, 200, 2_000, 20_000]),
    st.sampled_from([1.0, 0.8187, 0.9512, 0.0645]),
)
def test_it_is_round_at_a_half(number: int, parts: int, faded: float) -> None:
    value = number / parts * faded
    rounded = [repr(to(value)) for to in (tenths, hundredths, thousandths)]
    assert rounded == [repr(round(value, digits)) for digits in (1, 2, 3)]
