"""The measures of the cover and of stillness, each with what is asked of it in three builds."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from legwatch_lab.bench import bounds
from legwatch_lab.bench.told import Told
from legwatch_lab.score.interval import Estimate

Nights = Sequence[Told]
VERDICTS = ("missed", "not decided", "met", "not measured")


class Asked(NamedTuple):
    """A measure; `goals` are of the builds in their order, and empty for what is only shown."""

    label: str
    unit: str
    goals: tuple[float, ...]
    estimate: Callable[[Nights], Estimate]
    least: bool = False  # the goal is the lowest value that meets it, not the highest

    def verdict(self, found: Estimate, build: int) -> str:
        """Compare a figure and its interval with the goal of a build."""
        value, low, high, _ = found
        if value is None or low is None or high is None:
            return VERDICTS[3]
        if build >= len(self.goals):
            return ""  # nothing is asked of it
        goal = self.goals[build]
        if value >= goal if self.least else value <= goal:
            return VERDICTS[2]
        return VERDICTS[0] if (high < goal if self.least else low > goal) else VERDICTS[1]

    def badness(self, found: Estimate) -> float:
        """Return a figure that is higher for the worse of two families."""
        value = found.value or 0.0
        return -value if self.least else value


def _outcomes(nights: Nights, field: str) -> list[tuple[bool, float | None]]:
    return [(o.caught, o.delay_min) for night in nights for o in getattr(night, field)]


def caught(field: str) -> Callable[[Nights], Estimate]:
    """Return the measure of what share was caught."""

    def estimate(nights: Nights) -> Estimate:
        found = _outcomes(nights, field)
        return bounds.share(sum(is_caught for is_caught, _ in found), len(found))

    return estimate


def delay(field: str, at: float) -> Callable[[Nights], Estimate]:
    """Return the measure of how late it was told; `at`: which quantile."""

    def estimate(nights: Nights) -> Estimate:
        found = _outcomes(nights, field)
        return bounds.late([minutes for _, minutes in found if minutes is not None], at)

    return estimate


def rate(count: Callable[[Told], int]) -> Callable[[Nights], Estimate]:
    """Return the measure of how often something happens a night."""
    return lambda nights: bounds.rate([count(night) for night in nights])


def _stop(at: float) -> Callable[[Nights], Estimate]:
    return lambda nights: bounds.late([m for night in nights for m in night.stops_min], at)


def _late_nights(nights: Nights) -> Estimate:
    return bounds.share(sum(night.late_sound for night in nights), len(nights))


def _stills(nights: Nights) -> Estimate:
    found = [told for night in nights for told in night.stills]
    return bounds.share(sum(found), len(found))


ASKED = (
    Asked("1 caught by the first sign", "%", (97, 97, 99), caught("signs"), least=True),
    Asked("- by an alert, heard or not", "%", (), caught("alerts"), least=True),
    Asked("2 to the first sign, median", "min", (8, 8, 6), delay("signs", 0.5)),
    Asked("2 to the first sign, P90", "min", (15, 15, 12), delay("signs", 0.9)),
    Asked("3 false first signs", "a night", (0.03, 0.03, 0.01), rate(lambda n: n.false_signs)),
    Asked("- false alerts, heard or not", "a night", (), rate(lambda n: n.false_alerts)),
    Asked("- with those over cold skin", "a night", (), rate(lambda n: n.covered_signs)),
    Asked("4 caught with a sound", "%", (92, 93, 98), caught("sounds"), least=True),
    Asked("5 to the sound, median", "min", (22, 22, 12), delay("sounds", 0.5)),
    Asked("5 to the sound, P90", "min", (38, 36, 18), delay("sounds", 0.9)),
    Asked(
        "6 false audible cold alerts",
        "a night",
        (0.003, 0.003, 0.002),
        rate(lambda n: n.false_sounds),
    ),
    Asked("- with those over cold skin", "a night", (), rate(lambda n: n.covered_sounds)),
    Asked(
        "7 sounds in an empty bed", "a night", (0.02, 0.02, 0.002), rate(lambda n: n.empty_sounds)
    ),
    Asked("8 nights with a late sound", "%", (1.5, 1, 0.5), _late_nights),
    Asked("9 escalation stopped, median", "min", (5, 5, 3), _stop(0.5)),
    Asked("9 escalation stopped, P90", "min", (10, 10, 8), _stop(0.9)),
    Asked("10 still for 4 h, told", "%", (95, 95, 98), _stills, least=True),
    Asked(
        "10 told still for nothing", "a night", (0.01, 0.01, 0.005), rate(lambda n: n.false_stills)
    ),
)
