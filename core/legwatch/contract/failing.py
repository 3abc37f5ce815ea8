"""How many readings of a sensor failed, and why: a part of the message `info`."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from legwatch.contract.fields import whole
from legwatch.errors import WireError
from legwatch.printable import printable

LEAST_SHARE = 0.01  # of the readings; a sensor that fails more seldom is as good as any
MOST_WHY = 3  # reasons that are told, the most frequent first
LONGEST_REASON = 64
_MOST = 2**53


class Failing(NamedTuple):
    """The last hour of a sensor; `why` has how often each reason was given."""

    place: str
    readings: int = 0
    why: tuple[tuple[str, int], ...] = ()
    reopened: int = 0  # times since the start of the agent that it hung and was opened anew

    @property
    def failed(self) -> int:
        """The number of failed readings."""
        return sum(count for _, count in self.why)

    @property
    def share(self) -> float:
        """The share of failed readings, 0 to 1."""
        return self.failed / self.readings if self.readings else 0.0

    @property
    def main(self) -> str:
        """The most frequent reason; empty: none failed."""
        return self.why[0][0] if self.why else ""

    def __str__(self) -> str:
        """Return it as people read it, without the place."""
        parts = []
        if self.failed:
            reasons = ", ".join(reason for reason, _ in self.why)
            parts.append(f"{self.failed} of {self.readings} readings failed in an hour: {reasons}")
        if self.reopened:
            parts.append(f"it hung and was opened anew, so far {self.reopened} times")
        return "; ".join(parts)


def as_body(every: tuple[Failing, ...]) -> dict[str, Any]:
    """Return the value of the key `failing` by place."""
    return {
        one.place: {"readings": one.readings, "why": dict(one.why), "reopened": one.reopened}
        for one in every
    }


def from_body(value: object, most: int) -> tuple[Failing, ...]:
    """Read the value of the key `failing`; raises WireError."""
    if value is None:
        return ()
    if type(value) is not dict or len(value) > most:
        raise WireError(f"failing: an object of at most {most} sensors is expected")
    return tuple(_one(printable(place, LONGEST_REASON), body) for place, body in value.items())


def _one(place: str, body: object) -> Failing:
    if type(body) is not dict or type(body.get("why")) is not dict or len(body["why"]) > MOST_WHY:
        raise WireError(f"failing: an object with at most {MOST_WHY} reasons is expected")
    why: Mapping[str, Any] = body["why"]
    counts = [
        (printable(reason, LONGEST_REASON), whole({reason: count}, reason, 1, _MOST))
        for reason, count in why.items()
    ]
    readings = whole(body, "readings", 0, _MOST)
    return Failing(place, readings, tuple(counts), whole(body, "reopened", 0, _MOST))
