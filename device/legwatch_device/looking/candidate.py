"""A sensor that was found, and the driver that could read it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """For which places at the bed a sensor could serve."""

    THERMOMETER = "thermometer"
    MOVEMENT = "movement"
    PRESENCE = "presence"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sensor: what it could be, its driver with its keys, and how people recognise it.

    `now`: what it says at this moment, such as `21.4 °C`; empty: it was not asked.
    """

    kind: Kind
    driver: str
    about: str
    options: Mapping[str, Any] = field(default_factory=dict)
    now: str = ""

    def as_table(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {**asdict(self), "kind": self.kind.value}
