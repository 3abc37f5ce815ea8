"""What the data sheet of a thermometer says that it can measure; anything else is a fault.

Whether the air in a bed can be so is asked elsewhere: here only what no such sensor can mean.
"""

from dataclasses import dataclass

from legwatch.contract.fields import OUT_OF_RANGE
from legwatch_device.drivers import ReadFault, Reading


@dataclass(frozen=True, slots=True)
class Sheet:
    """The range of a sensor in °C, both ends included."""

    lowest_c: float
    highest_c: float

    def reading(self, celsius: object, humidity_pct: object = None) -> Reading:
        """Return what a library gave as a reading.

        Raises ReadFault: `no_number` for None and text, `out_of_range` for what the sensor cannot
        measure, which NaN and infinite are, too. A humidity of None is unknown, and no fault.
        """
        found_c = _number(celsius)
        found_pct = None if humidity_pct is None else _number(humidity_pct)
        possible = found_pct is None or 0 <= found_pct <= 100
        if not (possible and self.lowest_c <= found_c <= self.highest_c):
            pct = "" if found_pct is None else f", {found_pct:g} %"
            raise ReadFault(OUT_OF_RANGE, f"{found_c:g} C{pct}")
        return Reading(found_c, found_pct)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ReadFault("no_number")
    return float(value)
