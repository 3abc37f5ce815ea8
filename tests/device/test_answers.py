"""What a driver answers in a wrong type is its own fault, and blinds no other sensor."""

import gc
import warnings
from fractions import Fraction
from typing import Any

import pytest

from device.test_starting import Bed, good, starts
from legwatch.contract.roles import gauge
from legwatch.events import Window
from legwatch_device.drivers import MotionSample, Reading
from legwatch_device.samples import PlacedSensor, ask
from placed import LEG, MOVEMENT, PRESENCE
from repository import REPO

PAGE = REPO / "device/legwatch_device/drivers/README.md"
GAUGE = gauge("air", "carbon dioxide", "ppm", 0.0, 5000.0)


class Answers:
    """A driver of every kind that always answers the same."""

    def __init__(self, found: Any) -> None:
        self.found = found

    def read(self) -> Any:
        return self.found

    def seen(self) -> Any:
        return self.found

    def present(self) -> Any:
        return self.found


class Waits:
    """A driver of every kind whose author has written async."""

    async def read(self) -> Any:
        return Reading(31.0)

    async def seen(self) -> Any:
        return MotionSample(1)

    async def present(self) -> Any:
        return True


class Float64(float):
    """A number as numpy has it."""


WHOLE = "moves must be a whole number of the type int, not "
WRONG: list[tuple[Any, Any, str]] = [
    (MOVEMENT, MotionSample(2.0), f"{WHOLE}float"),  # type: ignore[arg-type]
    (MOVEMENT, MotionSample(1.5), f"{WHOLE}float"),  # type: ignore[arg-type]
    (MOVEMENT, MotionSample(True), f"{WHOLE}bool"),
    (MOVEMENT, MotionSample(Float64(2)), f"{WHOLE}Float64"),  # type: ignore[arg-type]
    (MOVEMENT, MotionSample(None), f"{WHOLE}NoneType"),  # type: ignore[arg-type]
    (MOVEMENT, MotionSample(float("nan")), f"{WHOLE}float"),  # type: ignore[arg-type]
    (MOVEMENT, MotionSample(1, True), "moved_s must be a number, not bool"),
    (MOVEMENT, MotionSample(1, 1.0, "2"), "active_s must be a number, not str"),  # type: ignore[arg-type]
    (MOVEMENT, 2, "seen must return a MotionSample, not int"),
    (LEG, Reading(31.2, True), "humidity_pct must be a number, not bool"),
    (LEG, Reading(31.2, "50"), "humidity_pct must be a number, not str"),  # type: ignore[arg-type]
    (LEG, Reading("31"), "celsius must be a number, not str"),  # type: ignore[arg-type]
    (LEG, Reading(True), "celsius must be a number, not bool"),
    (LEG, Reading(None), "celsius must be a number, not NoneType"),  # type: ignore[arg-type]
    (LEG, None, "read must return a Reading, not NoneType"),
    (LEG, 31.0, "read must return a Reading, not float"),
    (LEG, (31.0, 50.0), "read must return a Reading, not tuple"),
    (GAUGE, None, "what read returns must be a number, not NoneType"),
    (GAUGE, True, "what read returns must be a number, not bool"),
    (PRESENCE, 1, "present must return True, False or None, not int"),
]


@pytest.mark.parametrize(("role", "found", "why"), WRONG)
def test_an_answer_of_a_wrong_type_is_refused_in_one_sentence(
    role: Any, found: Any, why: str
) -> None:
    with pytest.raises(TypeError) as told:
        ask(PlacedSensor(role, Answers(found)), 10.0)
    assert str(told.value) == why


@pytest.mark.parametrize("found", [MotionSample(2.0), MotionSample(True)])  # type: ignore[arg-type]
def test_moves_of_a_wrong_type_leave_the_thermometers_to_see(
    found: MotionSample, caplog: pytest.LogCaptureFixture
) -> None:
    bed = Bed((LEG, starts(good(31.0))), (MOVEMENT, starts(Answers(found))))
    made: Window = bed.until(lambda window: window.faults == (("movement", "driver_error"),))
    made = bed.until(lambda window: window.leg_c == 31.0)
    bed.stop.set()
    assert made.moves is None
    assert "movement sensor: driver_error, moves must be a whole number" in caplog.text
    assert "test_answers.py:" in caplog.text  # the method of the driver
    assert "samples.py" not in caplog.text


@pytest.mark.parametrize(
    ("role", "found", "values"),
    [
        (LEG, Reading(Float64(31.25), Float64(50)), (31.25, 50.0)),
        (LEG, Reading(31, Fraction(1, 2)), (31, 0.5)),  # type: ignore[arg-type]
        (LEG, Reading(31.0, float("nan")), (31.0, None)),
        (LEG, Reading(31.0, float("inf")), (31.0, None)),
        (MOVEMENT, MotionSample(2, Float64(1.5), float("nan")), (2, 1.5, None)),
    ],
)
def test_numbers_of_other_kinds_become_plain_ones(
    role: Any, found: Any, values: tuple[float | None, ...]
) -> None:
    sample = ask(PlacedSensor(role, Answers(found)), 10.0)
    assert (sample.values, sample.fault) == (values, "")
    assert bool(sample.refused) == (None in values)
    kept = sample.values or ()
    assert {type(value) for value in kept} <= {int, float, type(None)}


@pytest.mark.parametrize("name", ["bool", "bool_"])  # of numpy 2 and 1
@pytest.mark.parametrize("pressed", [True, False])
def test_a_presence_of_numpy_becomes_a_plain_one(name: str, pressed: bool) -> None:
    found = type(name, (), {"__module__": "numpy", "__bool__": lambda _self: pressed})()
    assert ask(PlacedSensor(PRESENCE, Answers(found)), 10.0).values == (pressed,)
    strange = type(name, (), {"__module__": "another"})()
    with pytest.raises(TypeError, match=f"must return True, False or None, not {name}"):
        ask(PlacedSensor(PRESENCE, Answers(strange)), 10.0)


def test_a_presence_of_the_numpy_that_is_installed_is_taken() -> None:
    numpy = pytest.importorskip("numpy")
    values = ask(PlacedSensor(PRESENCE, Answers(numpy.array([1, 2]).any())), 10.0).values
    assert [type(value) for value in values or ()] == [bool]
    with pytest.raises(TypeError, match="not ndarray"):
        ask(PlacedSensor(PRESENCE, Answers(numpy.array([True]))), 10.0)


@pytest.mark.parametrize("role", [LEG, MOVEMENT, PRESENCE, GAUGE])
def test_a_coroutine_is_no_answer_and_nobody_is_warned_of_it(role: Any) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(TypeError, match="not coroutine: write def, not async def"):
            ask(PlacedSensor(role, Waits()), 10.0)
        gc.collect()
    assert not warned


NONE_IS_TAKEN: list[tuple[Any, Any]] = [
    (LEG, Reading(31.0, None)),
    (PRESENCE, None),
    (MOVEMENT, MotionSample(2, None, None)),
]


@pytest.mark.parametrize(("role", "found"), NONE_IS_TAKEN)
def test_none_is_an_answer_where_the_page_for_authors_says_so(role: Any, found: Any) -> None:
    assert ask(PlacedSensor(role, Answers(found)), 10.0).values is not None


def test_the_page_for_authors_says_where_none_is_no_answer() -> None:
    """A movement of None is refused: see `MotionSample(None)` above."""
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert (
        "Return None for a humidity, a presence, or the seconds of a movement (`moved_s`,"
        " `active_s`) that are unknown; for an unknown number of movements, a temperature or"
        " another number raise `ReadFault`."
    ) in page
